import type { Frame, FramePart } from './frame.ts';
import type { LiveEntry } from './live-entries.ts';

/** The `delta` message of a frame as JSON. */
export function frameJson({ seq, readings, windows, gaps }: Frame): string {
  const { t, v } = readings.columns;
  const { start, end, count, mean, min, max } = windows.columns;
  return JSON.stringify({
    type: 'delta',
    seq,
    readings: partsOf(readings, ({ stream, unit }, rows) => ({ stream, unit, t: rows(t), v: rows(v) })),
    windows: partsOf(windows, ({ stream, unit, window }, rows) => ({
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

function partsOf<Columns extends { readonly counts: Float64Array }>(
  { entries, offsets, columns: { counts } }: FramePart<Columns>,
  make: (entry: LiveEntry, rows: (column: Float64Array) => number[]) => object,
): object[] {
  return entries.map((entry, index) => {
    const from = offsets[index]!;
    const to = from + counts[index]!;
    return make(entry, (column) => Array.from(column.subarray(from, to)));
  });
}
