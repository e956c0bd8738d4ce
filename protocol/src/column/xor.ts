import { BitReader, BitWriter } from './bits.ts';
import { type ByteReader, type ByteWriter } from './varint.ts';

/** Widths of the fields that announce a new range of bits: leading zeros, and the range's length less one. */
const leadingBits = 5;
const lengthBits = 6;
const leadingMax = 2 ** leadingBits - 1;

/**
 * Writes doubles as Gorilla does (Pelkonen et al., VLDB 2015, section 4.1.2): the first in full, then each
 * XORed with the one before. `0`: the same; `10`: the bits that differ, within the range of bits used last;
 * `11`: a new range (5 bits leading zeros, 6 bits length - 1), then its bits.
 */
export function writeXor(writer: ByteWriter, values: Float64Array): void {
  const words = wordsOf(values);
  const bits = new BitWriter(writer);
  let leading = -1;
  let trailing = 0;
  for (let index = 0; index < values.length; index++) {
    const high = words[2 * index + 1]! ^ (words[2 * index - 1] ?? 0);
    const low = words[2 * index]! ^ (words[2 * index - 2] ?? 0);
    if (index === 0) {
      writeRange(bits, high, low, 0, 0);
    } else if (high === 0 && low === 0) {
      bits.write(0, 1);
    } else {
      const zerosBefore = Math.min(high === 0 ? 32 : Math.clz32(high), leadingMax);
      const zerosAfter = low === 0 ? 32 + trailingZeros(high) : trailingZeros(low);
      if (leading >= 0 && zerosBefore >= leading && zerosAfter >= trailing) {
        bits.write(0b10, 2);
      } else {
        leading = zerosBefore;
        trailing = zerosAfter;
        bits.write(0b11, 2);
        bits.write(leading, leadingBits);
        bits.write(63 - leading - trailing, lengthBits);
      }
      writeRange(bits, high, low, leading, trailing);
    }
  }
  bits.end();
}

/** Reads `values.length` doubles up to the end of the bytes. */
export function readXor(reader: ByteReader, values: Float64Array): void {
  const bits = new BitReader(reader.bytes, reader.position);
  const words = new Uint32Array(2);
  const double = new Float64Array(words.buffer);
  let leading = 0;
  let trailing = 0;
  for (let index = 0; index < values.length; index++) {
    if (index === 0 || bits.read(1) === 1) {
      if (index > 0 && bits.read(1) === 1) {
        leading = bits.read(leadingBits);
        // Where leading zeros and length exceed 64 bits the range is cut: damaged bytes give other values only.
        trailing = Math.max(0, 63 - leading - bits.read(lengthBits));
      }
      readRange(bits, words, leading, trailing);
    }
    values[index] = double[0]!;
  }
  bits.end();
}

/** The bits of `high:low` without `leading` (at most 31) bits at the top and `trailing` at the bottom. */
function writeRange(bits: BitWriter, high: number, low: number, leading: number, trailing: number): void {
  const highEnd = Math.max(0, trailing - 32);
  bits.write((high >>> highEnd) >>> 0, 32 - leading - highEnd);
  if (trailing < 32) bits.write(low >>> trailing, 32 - trailing);
}

function readRange(bits: BitReader, words: Uint32Array, leading: number, trailing: number): void {
  const highEnd = Math.max(0, trailing - 32);
  words[1]! ^= bits.read(32 - leading - highEnd) << highEnd;
  if (trailing < 32) words[0]! ^= bits.read(32 - trailing) << trailing;
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** Low and high words of each double, in this order on every host. */
function wordsOf(values: Float64Array): Uint32Array {
  const words = new Uint32Array(values.length * 2);
  const view = new DataView(words.buffer);
  for (let index = 0; index < values.length; index++) view.setFloat64(8 * index, values[index]!, true);
  return words;
}
