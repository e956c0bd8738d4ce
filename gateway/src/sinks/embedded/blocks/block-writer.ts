import type { BlockTable } from './block-table.ts';
import { blockEnds, grain } from './limits.ts';
import { encodeReadings, saturated, summarise, type ReadingRows, type Summary } from './readings.ts';
import { encodeWindows, type WindowRows } from './windows.ts';

/** Whose rows they are, and what stands beside them. */
export interface RowsOf {
  readonly stream: number;
  /** The kind of the windows; null for readings. */
  readonly window: string | null;
  readonly rolled: number;
}

/** Stores readings in order of time as blocks; answers how many rows each block has. */
export function writeReadings(table: BlockTable, rows: ReadingRows, { stream, rolled }: RowsOf): number[] {
  return eachPart(rows.t, (from, to) => {
    const q = rows.q?.subarray(from, to);
    const part = {
      t: rows.t.subarray(from, to),
      v: rows.v.subarray(from, to),
      q: q?.some((code) => code !== 0) ? q : null,
    };
    const about = { stream, grain: grain.readings, window: null, rolled };
    table.insert({ ...about, ...boundsOf(part.t), ...summarise(part.v), data: encodeReadings(part) });
  });
}

/** Stores windows in order of their starts as blocks; answers how many rows each block has. */
export function writeWindows(
  table: BlockTable,
  rows: WindowRows,
  { stream, window, rolled }: RowsOf,
): number[] {
  return eachPart(rows.start, (from, to) => {
    const part = sliceWindows(rows, from, to);
    const about = { stream, grain: grain.windows, window, rolled };
    table.insert({ ...about, ...boundsOf(part.start), ...summaryOf(part), data: encodeWindows(part) });
  });
}

/** The windows `[from, to)`; its numbers are not copied. */
export function sliceWindows(rows: WindowRows, from: number, to: number): WindowRows {
  return {
    start: rows.start.subarray(from, to),
    end: rows.end.subarray(from, to),
    count: rows.count.subarray(from, to),
    sum: rows.sum.subarray(from, to),
    min: rows.min.subarray(from, to),
    max: rows.max.subarray(from, to),
    first: rows.first.subarray(from, to),
    last: rows.last.subarray(from, to),
    m2: rows.m2.subarray(from, to),
    partial: rows.partial.subarray(from, to),
    sketch: rows.sketch.slice(from, to),
  };
}

function eachPart(times: Float64Array, write: (from: number, to: number) => void): number[] {
  let from = 0;
  return blockEnds(times).map((to) => {
    write(from, to);
    const rows = to - from;
    from = to;
    return rows;
  });
}

function boundsOf(times: Float64Array): { start: number; last: number; rows: number } {
  return { start: times[0]!, last: times[times.length - 1]!, rows: times.length };
}

/** M2 is left at 0: questions about windows read them one by one. */
function summaryOf({ count, sum, min, max }: WindowRows): Summary {
  const total = { readings: 0, sum: 0, min: Infinity, max: -Infinity, m2: 0 };
  for (let index = 0; index < count.length; index++) {
    total.readings += count[index]!;
    total.sum += sum[index]!;
    total.min = Math.min(total.min, min[index]!);
    total.max = Math.max(total.max, max[index]!);
  }
  // Counts are the device's to claim: what leaves the range of whole numbers would stop the whole store.
  const readings = Math.min(total.readings, Number.MAX_SAFE_INTEGER);
  return { ...total, readings, sum: saturated(total.sum) };
}
