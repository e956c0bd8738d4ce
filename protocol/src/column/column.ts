import { accepted, refused, type Result } from '../errors/index.ts';
import { ByteReader, ByteWriter, DamagedBytes } from './varint.ts';

export interface ColumnLimits {
  /** Most values that the column may declare; default 1,000,000. Nothing is allocated beyond it. */
  readonly valuesMax?: number;
}

/** Packs doubles to the bit; NaN says that the value is absent (the bits of a NaN are not kept). */
export function packFloats(values: Float64Array): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(0);
  writer.varint(values.length);
  for (const value of values) writer.double(value);
  return writer.finish();
}

/** The inverse of `packFloats`; refused (`BATCH_INVALID`) where the bytes are damaged or beyond the limit. */
export function unpackFloats(bytes: Uint8Array, limits: ColumnLimits = {}): Result<Float64Array> {
  try {
    const reader = new ByteReader(bytes);
    if (reader.byte() !== 0) throw new DamagedBytes('unknown form');
    const length = reader.varint();
    if (length > (limits.valuesMax ?? 1_000_000)) throw new DamagedBytes('it declares too many values');
    const values = new Float64Array(Math.min(length, bytes.length));
    for (let index = 0; index < length; index++) values[index] = reader.double();
    reader.end();
    return accepted(values);
  } catch (error) {
    if (error instanceof DamagedBytes) return refused('BATCH_INVALID', `packed column: ${error.message}`);
    throw error;
  }
}

/** Packs times: safe integers, in µs, in any order. */
export function packTimes(times: Float64Array): Uint8Array {
  return packFloats(times);
}

/** The inverse of `packTimes`; refused too where a value is not a safe integer. */
export function unpackTimes(bytes: Uint8Array, limits: ColumnLimits = {}): Result<Float64Array> {
  const unpacked = unpackFloats(bytes, limits);
  if (unpacked.ok && !unpacked.value.every(Number.isSafeInteger)) {
    return refused('BATCH_INVALID', 'packed column: a time is not a whole number');
  }
  return unpacked;
}
