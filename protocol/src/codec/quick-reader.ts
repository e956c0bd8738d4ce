import { unpackFloats, unpackOneDecimal } from '../column/index.ts';
import { quickTextBytesMax, TextTable, type KnownText } from './text-table.ts';

/** Values of one column; longer ones are left to the reader of any message. */
const columnValuesMax = 100_000;

/** CBOR major types (RFC 8949 section 3.1) as they stand in the high three bits. */
const major = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5 } as const;
/** Bytes of a packed column that holds one double. */
const constantBytes = 10;
const nullByte = 0xf6;
const doubleByte = 0xfb;
const two32 = 0x1_0000_0000;
/** The high half of 2^53. */
const safeHigh = 0x20_0000;

const noColumn = new Float64Array(0);

/** Doubles are put together here: a view of its own for each message would cost more than all that it reads. */
const doubleValue = new Float64Array(1);
const doubleBytes = new Uint8Array(doubleValue.buffer);
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
/** By place of a byte in network order: its place in memory. */
const bigEndianAt = Uint8Array.from({ length: 8 }, (_, index) => (isLittleEndian ? 7 - index : index));

/**
 * Reads the items of CBOR of which usual messages are made, forwards. Whatever is unusual sets `failed`: what
 * is read from then on means nothing.
 */
export class QuickReader {
  failed = false;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** Texts read so far. */
  #place = 0;
  readonly #texts = new TextTable();

  begin(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#at = 0;
    this.#place = 0;
    this.failed = false;
  }

  /** The message must end here; lets go of its bytes. */
  end(): void {
    if (this.#at !== this.#bytes.length) this.failed = true;
    this.#bytes = noBytes;
  }

  /** Exactly these bytes. */
  literal(expected: Uint8Array): void {
    if (this.isNext(expected)) this.#at += expected.length;
    else this.failed = true;
  }

  /** Whether these bytes stand here, without passing them. */
  isNext(expected: Uint8Array): boolean {
    const bytes = this.#bytes;
    const from = this.#at;
    const { length } = expected;
    // What is read behind the end of the bytes would slow every later read.
    if (from + length > bytes.length) return false;
    for (let index = 0; index < length; index++) {
      if (bytes[from + index] !== expected[index]) return false;
    }
    return true;
  }

  text(): KnownText | undefined {
    const length = this.#argument(major.text);
    if (this.failed || length > quickTextBytesMax || length > this.#bytes.length - this.#at) {
      this.failed = true;
      return undefined;
    }
    const text = this.#texts.next(this.#bytes, this.#at, length, this.#place++);
    this.#at += length;
    return text;
  }

  /** The number of entries of a map, at most `max`. */
  map(max: number): number {
    return this.#count(major.map, max);
  }

  /** The number of items of an array, at most `max`. */
  array(max: number): number {
    return this.#count(major.array, max);
  }

  /** A whole number from `min` to 2^53 - 1. */
  integer(min: number): number {
    // A whole number beyond 32 bits may travel as a double.
    const value = this.#bytes[this.#at] === doubleByte ? this.#double() : this.#whole();
    if (value < min || !Number.isSafeInteger(value)) this.failed = true;
    return value;
  }

  #whole(): number {
    const kind = this.#bytes[this.#at]! >> 5;
    const argument = this.#argument(kind === major.negative ? kind : major.unsigned);
    return kind === major.negative ? -1 - argument : argument;
  }

  /** A column, packed or plain; `length`: that of the times beside it. NaN stands for null. */
  column(length?: number): Float64Array {
    const isPacked = this.#bytes[this.#at]! >> 5 === major.bytes;
    const column = isPacked
      ? this.#packed(length ?? columnValuesMax)
      : this.#plain(length ?? columnValuesMax);
    if (length !== undefined && column.length !== length) this.failed = true;
    return column;
  }

  /** The value of a column of one, without an array; null and every other length set `failed`. */
  columnOfOne(): number {
    const kind = this.#bytes[this.#at]! >> 5;
    const value = kind === major.bytes ? this.#packedOne() : this.#plainOne();
    if (!Number.isFinite(value)) this.failed = true;
    return value;
  }

  #packedOne(): number {
    const sizeBytes = this.#argument(major.bytes);
    const start = this.#at;
    if (this.failed || sizeBytes > this.#bytes.length - start) return NaN;
    this.#at = start + sizeBytes;
    if (sizeBytes === constantBytes && this.#isConstantOfOne(start)) return this.#littleDouble(start + 2);
    return unpackOneDecimal(this.#bytes, start, this.#at);
  }

  #plainOne(): number {
    const length = this.array(1);
    return length === 1 && this.#at < this.#bytes.length ? this.#number() : NaN;
  }

  #packed(valuesMax: number): Float64Array {
    const sizeBytes = this.#argument(major.bytes);
    const start = this.#at;
    if (this.failed || sizeBytes > this.#bytes.length - start) return this.#fail();
    this.#at = start + sizeBytes;
    if (sizeBytes === constantBytes && this.#isConstantOfOne(start)) {
      const value = this.#littleDouble(start + 2);
      return Number.isFinite(value) ? Float64Array.of(value) : this.#fail();
    }
    const one = unpackOneDecimal(this.#bytes, start, this.#at);
    if (!Number.isNaN(one)) return Float64Array.of(one);
    const unpacked = unpackFloats(this.#bytes.subarray(start, start + sizeBytes), { valuesMax });
    if (!unpacked.ok) return this.#fail();
    const { value } = unpacked;
    for (let index = 0; index < value.length; index++) {
      if (Math.abs(value[index]!) === Infinity) return this.#fail();
    }
    return value;
  }

  /** A packed column of one value as it is: form 1, length 1, the double (`column/column.ts`). */
  #isConstantOfOne(at: number): boolean {
    return this.#bytes[at] === 1 && this.#bytes[at + 1] === 1;
  }

  #plain(valuesMax: number): Float64Array {
    const length = this.array(valuesMax);
    // Each value takes a byte at least: a length beyond what is left is a lie.
    if (this.failed || length > this.#bytes.length - this.#at) return this.#fail();
    const column = new Float64Array(length);
    for (let index = 0; index < length; index++) column[index] = this.#number();
    return column;
  }

  #number(): number {
    const head = this.#bytes[this.#at];
    if (head === nullByte) {
      this.#at += 1;
      return NaN;
    }
    const value = head === doubleByte ? this.#double() : this.#whole();
    if (!Number.isFinite(value)) this.failed = true;
    return value;
  }

  #double(): number {
    if (this.#at + 9 > this.#bytes.length) this.failed = true;
    if (this.failed) return NaN;
    const bytes = this.#bytes;
    for (let index = 0; index < 8; index++) doubleBytes[bigEndianAt[index]!] = bytes[this.#at + 1 + index]!;
    this.#at += 9;
    return doubleValue[0]!;
  }

  #littleDouble(at: number): number {
    const bytes = this.#bytes;
    for (let index = 0; index < 8; index++) doubleBytes[bigEndianAt[7 - index]!] = bytes[at + index]!;
    return doubleValue[0]!;
  }

  #uint32(at: number): number {
    const bytes = this.#bytes;
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }

  #count(kind: number, max: number): number {
    const count = this.#argument(kind);
    if (count > max) this.failed = true;
    return this.failed ? 0 : count;
  }

  /** The argument of a head of this major type, below 2^53. */
  #argument(kind: number): number {
    const head = this.#bytes[this.#at];
    if (head === undefined || head >> 5 !== kind) {
      this.failed = true;
      return 0;
    }
    const info = head & 0x1f;
    this.#at += 1;
    return info < 24 ? info : this.#longArgument(info);
  }

  #longArgument(info: number): number {
    const at = this.#at;
    const sizeBytes = 1 << (info - 24);
    if (info > 27 || at + sizeBytes > this.#bytes.length) {
      this.failed = true;
      return 0;
    }
    this.#at = at + sizeBytes;
    if (sizeBytes === 1) return this.#bytes[at]!;
    if (sizeBytes === 2) return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!;
    if (sizeBytes === 4) return this.#uint32(at);
    const high = this.#uint32(at);
    if (high >= safeHigh) this.failed = true;
    return high * two32 + this.#uint32(at + 4);
  }

  #fail(): Float64Array {
    this.failed = true;
    return noColumn;
  }
}

const noBytes = new Uint8Array(0);
