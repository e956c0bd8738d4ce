import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Subscription } from './subscription.ts';
import { textFrame } from './websocket-frame.ts';

/** When a viewer counts as slow, and how long it may stay so. */
export const clientLimits = { bufferedBytes: 1024 * 1024, laggingMs: 10_000 } as const;

/** One viewer: what it wants, and how it keeps up. */
export class LiveClient {
  /** Takes figures as binary frames; else everything is JSON. */
  readonly isBinary: boolean;
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #nowMs: () => number;
  #skipped = 0;
  #laggingSinceMs: number | undefined;
  subscription: Subscription | undefined;
  /** The newest frame that it was given. */
  seq = 0;
  /** It has been told the numbers below this. */
  numbersTo = 0;
  /** Answered the last ping. */
  alive = true;

  /** `stream` is the socket under `socket`: frames that many viewers share are written to it as they are. */
  constructor(socket: WebSocket, stream: Duplex, about: { nowMs: () => number; isBinary: boolean }) {
    this.#socket = socket;
    this.#stream = stream;
    this.#nowMs = about.nowMs;
    this.isBinary = about.isBinary;
  }

  /** It has not taken what it was sent. */
  get isFull(): boolean {
    return this.#stream.writableLength > clientLimits.bufferedBytes;
  }

  /** It was not sent something, and has not been made up for it. */
  get isLagging(): boolean {
    return this.#laggingSinceMs !== undefined;
  }

  /** Writes a message that is framed already. `ws` holds nothing back, since it compresses nothing: the order is kept. */
  write(frame: Buffer): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#stream.write(frame);
  }

  /**
   * Leaves a frame of `rows` out: the viewer is told so at once, and cut where that lasts. True where it was cut.
   */
  skip(rows: number, seq: number): boolean {
    this.#skipped += rows;
    if (this.#laggingSinceMs === undefined) {
      this.#laggingSinceMs = this.#nowMs();
      this.#tellLagging(seq);
    }
    if (this.#nowMs() - this.#laggingSinceMs < clientLimits.laggingMs) return false;
    // A closing handshake would wait behind what it does not read.
    this.#socket.terminate();
    return true;
  }

  /** It has room again: it is told how much it was not sent in all. */
  recovered(seq: number): void {
    this.#tellLagging(seq);
    this.#laggingSinceMs = undefined;
    this.#skipped = 0;
  }

  /** Asks for a sign of life; cuts a viewer that gave none since the last time. */
  ping(): void {
    if (!this.alive) this.#socket.terminate();
    this.alive = false;
    this.#socket.ping();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  #tellLagging(seq: number): void {
    this.write(textFrame(JSON.stringify({ type: 'lagging', seq, skipped: this.#skipped })));
  }
}
