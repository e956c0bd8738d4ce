import { packFloats, packPlainFloats, unpackFloats } from '../column/index.ts';
import { DamagedBytes, type ByteReader, type ByteWriter } from '../column/varint.ts';

/** First byte of a column: how its values are written. */
const form = { packed: 0, scaled: 1 } as const;

/** Decimals tried; and how large a scaled value may be, so that its differences stay exact. */
const decimalsMax = 6;
const scaledMax = 2 ** 51;

/** Powers of ten by the number of decimals. */
const scales = Float64Array.from({ length: decimalsMax + 1 }, (_, decimals) => 10 ** decimals);

/**
 * Writes a column for the screen: whole numbers after shifting the decimal point, each as the difference to the one before
 * (zigzag, LEB128); as packed bytes (`unpackFloats`) where that would not give back the same bits. One pass in place of a choice
 * between ways: a display frame is made twenty times a second, and lives as long.
 */
export function writeQuickColumn(writer: ByteWriter, values: Float64Array): void {
  const start = writer.length;
  let decimals = 0;
  while (decimals <= decimalsMax) {
    const written = writeScaled(writer, values, decimals);
    if (written === values.length) return;
    writer.length = start;
    // The first value that does not come back says how many decimals are needed at least.
    decimals = decimalsOf(values[written]!, decimals + 1);
  }
  writePacked(writer, values);
}

function writePacked(writer: ByteWriter, values: Float64Array): void {
  writer.byte(form.packed);
  // Of doubles with all of their digits nothing can be saved; of floats of four bytes half of them.
  const isShort = values.every((value) => Object.is(Math.fround(value), value));
  const bytes = isShort ? packFloats(values) : packPlainFloats(values);
  writer.varint(bytes.length);
  writer.reserve(bytes.length);
  writer.bytes.set(bytes, writer.length);
  writer.length += bytes.length;
}

/** The least number of decimals, from `least` on, that show the value exactly; beyond `decimalsMax` where none do. */
function decimalsOf(value: number, least: number): number {
  let decimals = least;
  while (decimals <= decimalsMax && !isExact(value, scales[decimals]!)) decimals++;
  return decimals;
}

function isExact(value: number, scale: number): boolean {
  const scaled = Math.round(value * scale);
  return scaled / scale === value && Math.abs(scaled) <= scaledMax && !Object.is(value, -0);
}

/** Answers how many values come back to the bit: where it is not all of them, what was written counts for nothing. */
function writeScaled(writer: ByteWriter, values: Float64Array, decimals: number): number {
  const scale = scales[decimals]!;
  writer.byte(form.scaled);
  writer.byte(decimals);
  writer.varint(values.length);
  writer.reserve(values.length * 8);
  const { bytes } = writer;
  let { length } = writer;
  let before = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    const scaled = Math.round(value * scale);
    if (scaled / scale !== value || Math.abs(scaled) > scaledMax) return index;
    if (scaled === 0 && Object.is(value, -0)) return index;
    const difference = scaled - before;
    before = scaled;
    let rest = difference < 0 ? -2 * difference - 1 : 2 * difference;
    // Bits of a double are cut off by division; of 31 and fewer, as most differences have, by shifting.
    while (rest > 0x7fff_ffff) {
      bytes[length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    let bits = rest | 0;
    while (bits >= 0x80) {
      bytes[length++] = (bits & 0x7f) | 0x80;
      bits >>>= 7;
    }
    bytes[length++] = bits;
  }
  writer.length = length;
  return values.length;
}

/** The inverse of `writeQuickColumn`. Throws DamagedBytes. */
export function readQuickColumn(reader: ByteReader, valuesMax: number): Float64Array {
  const kind = reader.byte();
  if (kind === form.scaled) return readScaled(reader, valuesMax);
  if (kind !== form.packed) throw new DamagedBytes(`a column begins with ${kind}`);
  const length = reader.varint();
  const from = reader.position;
  reader.skip(length);
  const unpacked = unpackFloats(reader.bytes.subarray(from, from + length), { valuesMax });
  if (!unpacked.ok) throw new DamagedBytes(unpacked.refusal.detail);
  return unpacked.value;
}

function readScaled(reader: ByteReader, valuesMax: number): Float64Array {
  const decimals = reader.byte();
  if (decimals > decimalsMax) throw new DamagedBytes(`${decimals} decimals`);
  const scale = 10 ** decimals;
  const count = reader.varint();
  // A value takes a byte at least: what declares more is refused before anything is allocated.
  if (count > valuesMax || count > reader.bytes.length - reader.position) {
    throw new DamagedBytes(`it declares ${count} values`);
  }
  const values = new Float64Array(count);
  let scaled = 0;
  for (let index = 0; index < count; index++) {
    scaled += reader.signedVarint();
    values[index] = scaled / scale;
  }
  return values;
}
