/** A sentence with a right checksum, or bytes that are none. Nothing is silently lost. */
export type NmeaFrame =
  | { readonly kind: 'sentence'; readonly text: string }
  | { readonly kind: 'discarded'; readonly reason: NmeaDiscard; readonly sizeBytes: number };

/** Why bytes are no sentence. `noise` stands outside of any sentence, or broke one. */
export type NmeaDiscard = 'noise' | 'truncated' | 'no-checksum' | 'bad-checksum' | 'too-long';

/** NMEA 0183 allows 82 characters; receivers send longer ones. */
export const sentenceMaxBytes = 512;
/** Noise is reported in pieces of at most this size. */
const noiseReportBytes = 4096;

const dollar = 0x24;
const exclamation = 0x21;
const star = 0x2a;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/**
 * Finds NMEA 0183 sentences in a stream of bytes, and resynchronises in the middle of binary noise: a sentence
 * runs from `$` or `!` to its checksum, which is required. Incremental: chunks may be split anywhere.
 */
export class NmeaFramer {
  readonly #buffer = Buffer.alloc(sentenceMaxBytes);
  #length = 0;
  /** XOR of the bytes after the start (NMEA 0183, checksum field), up to the last `*`. */
  #xor = 0;
  #xorAtStar = 0;
  #starAt = -1;
  #tooLongBytes = 0;
  #noiseBytes = 0;
  #frames: NmeaFrame[] = [];

  /** Takes the next bytes and returns what they completed, in order. */
  push(chunk: Uint8Array): NmeaFrame[] {
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (byte > star && byte <= 0x7e && this.#isInside()) this.#keep(byte);
      else this.#take(byte);
    }
    if (this.#noiseBytes >= noiseReportBytes) this.#endNoise();
    return this.#takeFrames();
  }

  /** Gives up what was begun: the port was closed. */
  flush(): NmeaFrame[] {
    this.#giveUp('truncated');
    this.#endNoise();
    return this.#takeFrames();
  }

  /** Whether a sentence was begun and has room: then most bytes need no more than to be kept. */
  #isInside(): boolean {
    const length = this.#length;
    return length > 0 && length < sentenceMaxBytes && this.#starAt < 0 && this.#tooLongBytes === 0;
  }

  #keep(byte: number): void {
    this.#buffer[this.#length++] = byte;
    this.#xor ^= byte;
  }

  #take(byte: number): void {
    if (byte === dollar || byte === exclamation) this.#start(byte);
    else if (byte === carriageReturn || byte === lineFeed) this.#endLine();
    else if (this.#tooLongBytes > 0) this.#tooLongBytes += 1;
    else if (this.#length === 0) this.#noiseBytes += 1;
    else if (byte < 0x20 || byte > 0x7e) this.#breakOff();
    else if (this.#length === sentenceMaxBytes) this.#tooLongBytes = this.#length + 1;
    else this.#append(byte);
  }

  #start(byte: number): void {
    this.#giveUp('truncated');
    this.#endNoise();
    this.#buffer[0] = byte;
    this.#length = 1;
    this.#xor = 0;
    this.#starAt = -1;
  }

  #append(byte: number): void {
    if (byte === star) {
      this.#starAt = this.#length;
      this.#xorAtStar = this.#xor;
    }
    this.#keep(byte);
    if (this.#starAt > 0 && this.#length === this.#starAt + 3 && this.#isChecksumRight()) this.#complete();
  }

  #isChecksumRight(): boolean {
    const high = hexValue(this.#buffer[this.#starAt + 1] ?? 0);
    const low = hexValue(this.#buffer[this.#starAt + 2] ?? 0);
    return high >= 0 && low >= 0 && high * 16 + low === this.#xorAtStar;
  }

  #complete(): void {
    const text = this.#buffer.toString('latin1', 0, this.#length);
    this.#length = 0;
    this.#frames.push({ kind: 'sentence', text });
  }

  #endLine(): void {
    this.#giveUp(this.#starAt > 0 ? 'bad-checksum' : 'no-checksum');
    this.#endNoise();
  }

  /** A byte that no sentence holds: what was begun is part of the noise. */
  #breakOff(): void {
    this.#noiseBytes += this.#length + 1;
    this.#length = 0;
  }

  #giveUp(reason: NmeaDiscard): void {
    if (this.#tooLongBytes > 0) this.#discard('too-long', this.#tooLongBytes);
    else if (this.#length > 0) this.#discard(reason, this.#length);
    this.#length = 0;
    this.#tooLongBytes = 0;
  }

  #endNoise(): void {
    if (this.#noiseBytes > 0) this.#discard('noise', this.#noiseBytes);
    this.#noiseBytes = 0;
  }

  #discard(reason: NmeaDiscard, sizeBytes: number): void {
    this.#frames.push({ kind: 'discarded', reason, sizeBytes });
  }

  #takeFrames(): NmeaFrame[] {
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }
}

/** The value of a hexadecimal digit's character code; -1 for any other. */
function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x41 && code <= 0x46) return code - 0x37;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  return -1;
}
