import { packFloats, unpackFloats } from '../column/index.ts';
import { DamagedBytes, type ByteReader, type ByteWriter } from '../column/varint.ts';

/** First byte of a column: how its values are written. */
const form = { packed: 0, scaled: 1 } as const;

/** Decimals tried; and how large a scaled value may be, so that its differences stay exact. */
const decimalsMax = 6;
const scaledMax = 2 ** 51;

/**
 * Writes a column for the screen: whole numbers after shifting the decimal point, each as the difference to the one before
 * (zigzag, LEB128); as `packFloats` does where that would not give back the same bits. One pass in place of a choice
 * between ways: a display frame is made twenty times a second, and lives as long.
 */
export function writeQuickColumn(writer: ByteWriter, values: Float64Array): void {
  const start = writer.length;
  const decimals = decimalsOf(values);
  if (decimals !== undefined && writeScaled(writer, values, decimals)) return;
  writer.length = start;
  writer.byte(form.packed);
  const bytes = packFloats(values);
  writer.varint(bytes.length);
  writer.reserve(bytes.length);
  writer.bytes.set(bytes, writer.length);
  writer.length += bytes.length;
}

/** The least number of decimals that the first values show; others may need more, which `writeScaled` finds out. */
function decimalsOf(values: Float64Array): number | undefined {
  let decimals = 0;
  const looked = Math.min(values.length, 64);
  for (let index = 0; index < looked; index++) {
    const value = values[index]!;
    while (!isExact(value, 10 ** decimals)) if (++decimals > decimalsMax) return undefined;
  }
  return decimals;
}

function isExact(value: number, scale: number): boolean {
  return Math.round(value * scale) / scale === value;
}

/** False where a value does not come back to the bit: then nothing of it counts. */
function writeScaled(writer: ByteWriter, values: Float64Array, decimals: number): boolean {
  const scale = 10 ** decimals;
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
    if (scaled / scale !== value || Math.abs(scaled) > scaledMax || Object.is(value, -0)) return false;
    const difference = scaled - before;
    before = scaled;
    let rest = difference < 0 ? -2 * difference - 1 : 2 * difference;
    while (rest >= 0x80) {
      bytes[length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    bytes[length++] = rest;
  }
  writer.length = length;
  return true;
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
