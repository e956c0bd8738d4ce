import { ColumnReader, ColumnWriter } from './column-bytes.ts';

/** Columns of windows that hold numbers. */
export const windowColumns = ['start', 'end', 'count', 'sum', 'min', 'max', 'first', 'last', 'm2'] as const;

/** Windows of one stream in order of their starts: columns of one length, times in µs. */
export interface WindowRows extends Readonly<Record<(typeof windowColumns)[number], Float64Array>> {
  /** 1 where a window was closed early and has another half. */
  readonly partial: Uint8Array;
  /** Encoded DDSketches; null where a window has none. */
  readonly sketch: readonly (Uint8Array | null)[];
}

/** The columns of windows that buckets are made of; `sketch` null where it was not asked for. */
export type WindowMoments = Pick<WindowRows, 'start' | 'count' | 'sum' | 'min' | 'max' | 'm2'> & {
  readonly sketch: readonly (Uint8Array | null)[] | null;
};

/** Columns in the order in which they lie: those that most questions need come first. */
export function encodeWindows(rows: WindowRows): Uint8Array {
  const writer = new ColumnWriter();
  writer.add(rows.start, 'line');
  for (const column of [rows.count, rows.sum, rows.min, rows.max, rows.m2]) writer.add(column);
  writer.add(Float64Array.from(rows.sketch, (sketch) => (sketch ? sketch.length : -1)));
  writer.addBytes(joinedBytes(rows.sketch));
  writer.add(rows.end, 'line');
  writer.add(rows.first);
  writer.add(rows.last);
  writer.addBytes(rows.partial);
  return writer.finish();
}

/** All columns. Throws STORE_DAMAGED. */
export function decodeWindows(bytes: Uint8Array, count: number): WindowRows {
  const reader = new ColumnReader(bytes, count);
  const moments = readMoments(reader);
  const sketch = readSketches(reader);
  const end = reader.next();
  const first = reader.next();
  const last = reader.next();
  return { ...moments, sketch, end, first, last, partial: reader.nextBytes(count) };
}

/** What buckets are made of, the sketches only where quantiles are wanted. Throws STORE_DAMAGED. */
export function decodeMoments(bytes: Uint8Array, count: number, withSketches: boolean): WindowMoments {
  const reader = new ColumnReader(bytes, count);
  const moments = readMoments(reader);
  return { ...moments, sketch: withSketches ? readSketches(reader) : null };
}

function readMoments(reader: ColumnReader): Omit<WindowMoments, 'sketch'> {
  const start = reader.next();
  const count = reader.next();
  const sum = reader.next();
  const min = reader.next();
  const max = reader.next();
  return { start, count, sum, min, max, m2: reader.next() };
}

function readSketches(reader: ColumnReader): (Uint8Array | null)[] {
  const lengths = reader.next();
  const bytes = reader.nextBytes(lengths.reduce((sum, length) => sum + Math.max(0, length), 0));
  let at = 0;
  return Array.from(lengths, (length) => {
    if (length < 0) return null;
    at += length;
    return bytes.subarray(at - length, at);
  });
}

function joinedBytes(parts: readonly (Uint8Array | null)[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + (part?.length ?? 0), 0));
  let at = 0;
  for (const part of parts) {
    if (!part) continue;
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
