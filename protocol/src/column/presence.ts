import { type ByteReader, type ByteWriter, DamagedBytes } from './varint.ts';

/** The values that are not NaN, in their order. */
export function selectPresent(values: Float64Array): Float64Array {
  return values.some(Number.isNaN) ? values.filter((value) => !Number.isNaN(value)) : values;
}

/** A bit a value, the first in the lowest bit of the first byte: 1 where the value is present. */
export function writePresence(writer: ByteWriter, values: Float64Array): void {
  for (let start = 0; start < values.length; start += 8) {
    let byte = 0;
    for (let bit = 0; bit < 8 && start + bit < values.length; bit++) {
      if (!Number.isNaN(values[start + bit])) byte |= 1 << bit;
    }
    writer.byte(byte);
  }
}

/** Reads the bits of `length` values, and how many are present. */
export function readPresence(reader: ByteReader, length: number): { bitmap: Uint8Array; count: number } {
  const start = reader.position;
  reader.skip(Math.ceil(length / 8));
  const bitmap = reader.bytes.subarray(start, reader.position);
  let count = 0;
  for (let index = 0; index < bitmap.length * 8; index++) {
    if (!isPresent(bitmap, index)) continue;
    if (index >= length) throw new DamagedBytes('it marks values beyond its end');
    count += 1;
  }
  return { bitmap, count };
}

/** Puts the present values back to their places among NaNs. */
export function spreadPresent(present: Float64Array, bitmap: Uint8Array, length: number): Float64Array {
  const values = new Float64Array(length);
  let next = 0;
  for (let index = 0; index < length; index++) {
    values[index] = isPresent(bitmap, index) ? present[next++]! : NaN;
  }
  return values;
}

function isPresent(bitmap: Uint8Array, index: number): boolean {
  return (bitmap[index >> 3]! & (1 << (index & 7))) !== 0;
}
