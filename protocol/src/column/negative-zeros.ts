import { type ByteReader, type ByteWriter, DamagedBytes } from './varint.ts';

/** Where the values are -0, which no whole number can be: a thermometer that prints `-0.00` gives it. */
export function markNegativeZeros(values: Float64Array): number[] {
  const indices: number[] = [];
  for (let index = 0; index < values.length; index++) if (Object.is(values[index], -0)) indices.push(index);
  return indices;
}

/** Their number, then for each how many values lie between it and the one before. Nothing where none is. */
export function writeNegativeZeros(writer: ByteWriter, indices: readonly number[]): void {
  if (indices.length === 0) return;
  writer.varint(indices.length);
  let next = 0;
  for (const index of indices) {
    writer.varint(index - next);
    next = index + 1;
  }
}

/** The indices of negative zeros among `count` values. */
export function readNegativeZeros(reader: ByteReader, count: number): number[] {
  const zeros = reader.varint();
  // Each takes a byte at least.
  if (zeros > reader.bytes.length - reader.position) throw new DamagedBytes('it ends too early');
  const indices: number[] = [];
  let next = 0;
  for (let left = zeros; left > 0; left--) {
    const index = next + reader.varint();
    if (index >= count) throw new DamagedBytes('a negative zero beyond its end');
    indices.push(index);
    next = index + 1;
  }
  return indices;
}
