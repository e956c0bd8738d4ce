import { ColumnReader, ColumnWriter } from './column-bytes.ts';

/** Readings of one stream in order of time: columns of one length. */
export interface ReadingRows {
  /** Microseconds, UTC. */
  readonly t: Float64Array;
  readonly v: Float64Array;
  /** Quality a reading; null where all are good. */
  readonly q: Uint8Array | null;
}

/** What stands beside the bytes of a block, so that some questions need not read them. */
export interface Summary {
  readonly readings: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** Sum of squared differences from the mean. */
  readonly m2: number;
}

/** The columns of a block: a byte that says whether qualities follow, then times, values and qualities. */
export function encodeReadings({ t, v, q }: ReadingRows): Uint8Array {
  const writer = new ColumnWriter();
  writer.addBytes(Uint8Array.of(q ? 1 : 0));
  writer.add(t, 'line');
  writer.add(v);
  if (q) writer.addBytes(q);
  return writer.finish();
}

/** The inverse of `encodeReadings`. Throws STORE_DAMAGED. */
export function decodeReadings(bytes: Uint8Array, rows: number): ReadingRows {
  const reader = new ColumnReader(bytes, rows);
  const hasQuality = reader.nextBytes(1)[0] === 1;
  const t = reader.next();
  const v = reader.next();
  return { t, v, q: hasQuality ? reader.nextBytes(rows) : null };
}

/** Count, sum, extremes and M2 of `values[from … to)`, at least one, in two passes: as stable as Welford's one. */
export function summarise(values: Float64Array, from = 0, to: number = values.length): Summary {
  let sum = 0;
  let min = Infinity;
  let max = -Infinity;
  for (let index = from; index < to; index++) {
    const value = values[index]!;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const readings = to - from;
  const mean = sum / readings;
  let m2 = 0;
  for (let index = from; index < to; index++) {
    const difference = values[index]! - mean;
    m2 += difference * difference;
  }
  return { readings, sum: saturated(sum), min, max, m2: saturated(m2) };
}

/** What left the range of a double, held at its end, as the windows of devices do. */
export function saturated(value: number): number {
  if (Number.isNaN(value)) return Number.MAX_VALUE;
  return Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
}
