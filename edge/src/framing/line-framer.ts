/** A line, or bytes that are none. Nothing is silently lost. */
export type LineFrame =
  | { readonly kind: 'line'; readonly text: string }
  | {
      readonly kind: 'discarded';
      readonly reason: 'too-long' | 'not-text' | 'first';
      readonly sizeBytes: number;
    };

/** The longest line that is kept, in bytes; a longer one is discarded whole, up to its end. */
export const lineMaxBytes = 4096;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Cuts bytes into lines that end in LF, CR or CR LF. Empty lines are skipped. Lines with control characters
 * other than tab, or with bytes that are not UTF-8, are discarded as `not-text`. Incremental: chunks may be
 * split anywhere.
 */
export class LineFramer {
  readonly #buffer: Uint8Array;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #length = 0;
  #overflowBytes = 0;
  #isFirstCut = false;

  constructor(maxBytes = lineMaxBytes) {
    this.#buffer = new Uint8Array(maxBytes);
  }

  /**
   * Takes the next bytes and returns what they completed, in order. `midway`: they may begin in the middle of a
   * line, which is discarded as `first`: the rest of `23.4` reads well as `3.4`.
   */
  push(chunk: Uint8Array, midway = false): LineFrame[] {
    const frames: LineFrame[] = [];
    if (midway) this.#isFirstCut = true;
    for (const byte of chunk) {
      if (byte === lineFeed || byte === carriageReturn) this.#end(frames);
      else if (this.#length < this.#buffer.length) this.#buffer[this.#length++] = byte;
      else this.#overflowBytes += 1;
    }
    return frames;
  }

  /** Takes an unfinished line as finished: the port was closed. */
  flush(): LineFrame[] {
    const frames: LineFrame[] = [];
    this.#end(frames);
    return frames;
  }

  #end(frames: LineFrame[]): void {
    const sizeBytes = this.#length + this.#overflowBytes;
    const tooLong = this.#overflowBytes > 0;
    const isCut = this.#isFirstCut;
    this.#isFirstCut = false;
    const text = tooLong ? undefined : this.#decode();
    this.#length = 0;
    this.#overflowBytes = 0;
    if (sizeBytes === 0) return;
    if (tooLong) frames.push({ kind: 'discarded', reason: 'too-long', sizeBytes });
    else if (text === undefined) frames.push({ kind: 'discarded', reason: 'not-text', sizeBytes });
    else if (isCut) frames.push({ kind: 'discarded', reason: 'first', sizeBytes });
    else frames.push({ kind: 'line', text });
  }

  #decode(): string | undefined {
    const bytes = this.#buffer.subarray(0, this.#length);
    if (bytes.some((byte) => (byte < 0x20 && byte !== 0x09) || byte === 0x7f)) return undefined;
    try {
      return this.#decoder.decode(bytes);
    } catch {
      return undefined;
    }
  }
}
