import type { Clock } from '../clock.ts';
import { garble } from '../uart/garble.ts';
import type { Frame } from '../sensors/frame.ts';
import type { VirtualPort } from './virtual-port.ts';

/** A frame on its way, in one or more pieces; a pause comes before every piece but the first. */
export interface Delivery {
  readonly frame: Frame;
  readonly pieces: readonly Uint8Array[];
}

/** A port, its sensor's manners, and who hears of what was handed over. */
export interface PortWriterOptions {
  readonly port: VirtualPort;
  readonly clock: Clock;
  /**
   * What becomes of frames while nobody has the port open: `lose` as in real life, or `hold` until the reader is
   * back. A full queue loses its newest frame either way.
   */
  readonly whileAway: 'lose' | 'hold';
  /** The sensor's own baud rate; a reader that has set another gets garbled bytes. */
  readonly baud?: number | undefined;
  readonly speedOf: (path: string) => Promise<number | undefined>;
  /** Called when, and only when, a whole frame has been handed to the kernel. */
  readonly onDelivered: (frame: Frame) => void;
}

/** Frames that wait where the reader is slow. At one frame every 50 ms the longer one lasts for 8 minutes. */
const QUEUE_FRAMES = { lose: 64, hold: 10_000 };
/** A reader that closes and reopens within one poll passes for one that stayed. */
const POLL_MS = 10;
/** Serial libraries throw away what came before they had set up the port; until then nothing is written. */
const SETTLE_MS = 300;
const SPLIT_PAUSE_MS = 15;
const SPEED_CHECK_MS = 500;

/**
 * Hands frames to the port in order, never waiting for it. Pieces that the kernel does not take now are offered
 * again every 10 ms. A frame that was cut by the reader's leaving is sent anew from its first byte, or lost.
 */
export class PortWriter {
  readonly #options: PortWriterOptions;
  readonly #queue: Delivery[] = [];
  #piece = 0;
  #offset = 0;
  #notBeforeUs = 0;
  #presentSinceUs: number | undefined;
  #readerBaud: number | undefined;
  #speedKnownUntilUs = 0;
  #askingSpeed = false;
  #cancelPoll: (() => void) | undefined;
  #idleWaiters: (() => void)[] = [];
  /** Frames that were never handed over whole, by reason. */
  readonly lost = { away: 0, overrun: 0, unplugged: 0 };

  constructor(options: PortWriterOptions) {
    this.#options = options;
    this.#poll();
  }

  /** Takes a frame for delivery, or counts it as lost. */
  offer(delivery: Delivery): void {
    const { port, whileAway } = this.#options;
    if (!port.isPlugged) this.lost.unplugged += 1;
    else if (whileAway === 'lose' && !this.#isListening()) this.lost.away += 1;
    else if (this.#queue.length >= QUEUE_FRAMES[whileAway]) this.lost.overrun += 1;
    else {
      this.#queue.push(delivery);
      this.#flush();
    }
  }

  /** Frames that wait. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Resolves with true once nothing waits, or with false after `deadlineMs`. */
  whenIdle(deadlineMs: number): Promise<boolean> {
    if (this.#queue.length === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(deadlineMs, () => resolve(false));
      this.#idleWaiters.push(() => {
        cancel();
        resolve(true);
      });
    });
  }

  /** Forgets what waits: the plug has been pulled. */
  clear(): void {
    this.lost.unplugged += this.#queue.length;
    this.#queue.length = 0;
    this.#restartFrame();
    this.#presentSinceUs = undefined;
  }

  close(): void {
    this.#cancelPoll?.();
  }

  #poll(): void {
    this.#watchReader();
    this.#flush();
    this.#cancelPoll = this.#options.clock.after(POLL_MS, () => this.#poll());
  }

  #watchReader(): void {
    const { port, clock, whileAway } = this.#options;
    if (port.drain()) {
      this.#presentSinceUs ??= clock.nowUs();
      this.#askSpeed();
      return;
    }
    this.#presentSinceUs = undefined;
    this.#speedKnownUntilUs = 0;
    this.#restartFrame();
    if (whileAway === 'lose' && port.isPlugged) {
      this.lost.away += this.#queue.length;
      this.#queue.length = 0;
    }
  }

  #isListening(): boolean {
    const { clock, baud } = this.#options;
    if (this.#presentSinceUs === undefined) return false;
    const settled = clock.nowUs() - this.#presentSinceUs >= SETTLE_MS * 1000;
    return settled && (baud === undefined || this.#speedKnownUntilUs > 0);
  }

  /** Asks for the reader's speed now and then; it may set another while it holds the port. */
  #askSpeed(): void {
    const { baud, clock, port, speedOf } = this.#options;
    if (baud === undefined || this.#askingSpeed || clock.nowUs() < this.#speedKnownUntilUs) return;
    this.#askingSpeed = true;
    void speedOf(port.path).then((speed) => {
      this.#askingSpeed = false;
      this.#readerBaud = speed;
      this.#speedKnownUntilUs = clock.nowUs() + SPEED_CHECK_MS * 1000;
    });
  }

  #flush(): void {
    while (this.#isListening()) {
      const delivery = this.#queue[0];
      if (!delivery) break;
      if (!this.#writePiece(delivery)) return;
      if (this.#piece < delivery.pieces.length) continue;
      this.#queue.shift();
      this.#restartFrame();
      this.#options.onDelivered(
        this.#isGarbled() ? { ...delivery.frame, readings: {}, fault: 'garbled' } : delivery.frame,
      );
    }
    if (this.#queue.length > 0) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  /** Writes the rest of the current piece; false where it has to wait. */
  #writePiece(delivery: Delivery): boolean {
    const { port, clock } = this.#options;
    if (clock.nowUs() < this.#notBeforeUs) return false;
    const piece = this.#asReceived(delivery.pieces[this.#piece] ?? new Uint8Array());
    this.#offset += this.#offset < piece.length ? port.write(piece.subarray(this.#offset)) : 0;
    if (this.#offset < piece.length) return false;
    this.#piece += 1;
    this.#offset = 0;
    if (this.#piece < delivery.pieces.length) this.#notBeforeUs = clock.nowUs() + SPLIT_PAUSE_MS * 1000;
    return true;
  }

  #isGarbled(): boolean {
    const { baud } = this.#options;
    return baud !== undefined && this.#readerBaud !== undefined && this.#readerBaud !== baud;
  }

  #asReceived(piece: Uint8Array): Uint8Array {
    const { baud } = this.#options;
    if (baud === undefined || this.#readerBaud === undefined || !this.#isGarbled()) return piece;
    return garble(piece, baud, this.#readerBaud);
  }

  #restartFrame(): void {
    this.#piece = 0;
    this.#offset = 0;
    this.#notBeforeUs = 0;
  }
}
