import { toLiveFrame, type Frame } from './frame.ts';
import type { OrderedRows } from './frame-rows.ts';
import type { LiveEntry } from './live-entries.ts';

/** The `delta` message of a frame as JSON. `entries`: by number. */
export function frameJson(frame: Frame, entries: readonly LiveEntry[]): string {
  const { seq, readings, windows, gaps } = toLiveFrame(frame);
  const { t, v } = readings;
  const { start, end, count, mean, min, max } = windows;
  return JSON.stringify({
    type: 'delta',
    seq,
    readings: partsOf(frame.readings, entries, ({ stream, unit }, rows) => ({
      stream,
      unit,
      t: rows(t),
      v: rows(v),
    })),
    windows: partsOf(frame.windows, entries, ({ stream, unit, window }, rows) => ({
      stream,
      unit,
      window,
      start: rows(start),
      end: rows(end),
      count: rows(count),
      mean: rows(mean),
      min: rows(min),
      max: rows(max),
    })),
    gaps,
  });
}

function partsOf(
  { ids, counts }: OrderedRows,
  entries: readonly LiveEntry[],
  make: (entry: LiveEntry, rows: (column: Float64Array) => number[]) => object,
): object[] {
  let from = 0;
  return Array.from(ids, (id, index) => {
    const begin = from;
    from += counts[index]!;
    const end = from;
    return make(entries[id]!, (column) => Array.from(column.subarray(begin, end)));
  });
}
