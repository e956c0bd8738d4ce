import type { LiveGap } from '@fieldline/protocol';
import { decodeLiveFrame, LiveFrameWriter } from '@fieldline/protocol/live';
import { copyFrame, fromLiveFrame, rowBytes, toLiveFrame, type Frame } from './frame.ts';
import { messagePayload, websocketFrame } from './websocket-frame.ts';

/** Of a gap, in memory. */
const gapBytes = 100;

const writer = new LiveFrameWriter();

/** The message that tells a frame in binary. */
export function binaryMessage(frame: Frame): Buffer {
  return websocketFrame('binary', writer.write(toLiveFrame(frame)));
}

/**
 * A display frame as it is sent, and then kept for viewers who come back: as the bytes that were sent of all of it, a sixth of its
 * columns, from which it is read again; as a copy of its columns where nobody was sent all of it in binary.
 */
export class SentFrame {
  readonly kind = 'frame';
  readonly seq: number;
  readonly gaps: readonly LiveGap[];
  /** Undefined: it is read from the message. */
  #frame: Frame | undefined;
  #message: Buffer | undefined;
  #isKept = false;

  /** The columns of `frame` are used until `keep` is called. */
  constructor(frame: Frame) {
    this.seq = frame.seq;
    this.gaps = frame.gaps;
    this.#frame = frame;
  }

  get sizeBytes(): number {
    const ofRows = this.#frame ? rowBytes(this.#frame) : (this.#message?.length ?? 0);
    return ofRows + gapBytes * this.gaps.length;
  }

  /** What tells all of it in binary; made once while it is sent. */
  message(): Buffer | undefined {
    if (this.#message || !this.#frame) return this.#message;
    const made = binaryMessage(this.#frame);
    if (!this.#isKept) this.#message = made;
    return made;
  }

  /** It is sent: from now on it needs the columns that it was given no more. */
  keep(): void {
    if (this.#isKept) return;
    this.#isKept = true;
    this.#frame = this.#message || !this.#frame ? undefined : copyFrame(this.#frame);
  }

  /** Undefined where it cannot be read from its message. */
  frame(): Frame | undefined {
    if (this.#frame || !this.#message) return this.#frame;
    const read = decodeLiveFrame(messagePayload(this.#message));
    return read.ok ? fromLiveFrame(read.value) : undefined;
  }
}
