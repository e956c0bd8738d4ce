import { type ByteWriter, DamagedBytes } from './varint.ts';

/** Bits that one step can write or read; wider numbers go in several steps. */
const stepBits = 24;

/** Appends bits to a `ByteWriter`, most significant first. */
export class BitWriter {
  readonly #target: ByteWriter;
  /** Bits not yet written out: the low `#pendingCount` (0 to 7) bits of `#pending`. */
  #pending = 0;
  #pendingCount = 0;

  constructor(target: ByteWriter) {
    this.#target = target;
  }

  /** Writes the low `count` bits (0 to 53) of a whole number that is not negative. */
  write(value: number, count: number): void {
    let rest = value;
    let left = count;
    while (left > stepBits) {
      const scale = 2 ** (left - stepBits);
      const high = Math.floor(rest / scale);
      this.#step(high, stepBits);
      rest -= high * scale;
      left -= stepBits;
    }
    this.#step(rest, left);
  }

  /** Fills the last byte with zero bits. */
  end(): void {
    if (this.#pendingCount > 0) this.#step(0, 8 - this.#pendingCount);
  }

  #step(value: number, count: number): void {
    let pending = (this.#pending << count) | value;
    let pendingCount = this.#pendingCount + count;
    while (pendingCount >= 8) {
      pendingCount -= 8;
      this.#target.byte((pending >>> pendingCount) & 0xff);
    }
    pending &= 0xff >>> (8 - pendingCount);
    this.#pending = pending;
    this.#pendingCount = pendingCount;
  }
}

/** Reads what `BitWriter` wrote. */
export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #bitsEnd: number;
  #position: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#position = start * 8;
    this.#bitsEnd = bytes.length * 8;
  }

  /** How many bits are left. */
  get left(): number {
    return this.#bitsEnd - this.#position;
  }

  /** A whole number of `count` bits, 0 to 53. Throws `DamagedBytes` where there are not so many. */
  read(count: number): number {
    if (count > this.left) throw new DamagedBytes('it ends too early');
    let value = 0;
    let left = count;
    while (left > stepBits) {
      value = value * 2 ** stepBits + (this.#peek() >>> (32 - stepBits));
      this.#position += stepBits;
      left -= stepBits;
    }
    if (left === 0) return value;
    value = value * 2 ** left + (this.#peek() >>> (32 - left));
    this.#position += left;
    return value;
  }

  /** How many ones come next, at most `max` (up to 24), passing over them and over the zero that ends fewer. */
  readOnes(max: number): number {
    const ones = Math.min(Math.clz32(~this.#peek()), max);
    this.#position += ones < max ? ones + 1 : ones;
    if (this.#position > this.#bitsEnd) throw new DamagedBytes('it ends too early');
    return ones;
  }

  /** Throws unless all that is left is the zero bits that fill the last byte. */
  end(): void {
    if (this.left >= 8 || this.read(this.left) !== 0) throw new DamagedBytes('bytes follow its end');
  }

  /** The next 25 bits at least, at the top of 32; zeros beyond the end. */
  #peek(): number {
    const at = this.#position >>> 3;
    const bytes = this.#bytes;
    const word =
      at + 4 <= bytes.length
        ? (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
        : ((bytes[at] ?? 0) << 24) |
          ((bytes[at + 1] ?? 0) << 16) |
          ((bytes[at + 2] ?? 0) << 8) |
          (bytes[at + 3] ?? 0);
    return word << (this.#position & 7);
  }
}
