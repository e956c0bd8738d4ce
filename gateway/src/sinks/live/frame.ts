import type { LiveGap } from '@fieldline/protocol';
import type { LiveFrame } from '@fieldline/protocol/live';
import type { OrderedRows } from './frame-rows.ts';

/** Values of a row of readings: time and value. Of windows: start, end, count, mean, min, max. */
export const rowWidth = { readings: 2, windows: 6 } as const;

/** What came in one display frame; its columns in the order of `rowWidth`. */
export interface Frame {
  readonly seq: number;
  readonly readings: OrderedRows;
  readonly windows: OrderedRows;
  readonly gaps: readonly LiveGap[];
}

const none = new Float64Array(0);

/** The frame with names for its columns, as it is packed. */
export function toLiveFrame({ seq, readings, windows, gaps }: Frame): LiveFrame {
  const [t = none, v = none] = readings.columns;
  const [start = none, end = none, count = none, mean = none, min = none, max = none] = windows.columns;
  return {
    seq,
    readings: { ids: readings.ids, counts: readings.counts, t, v },
    windows: { ids: windows.ids, counts: windows.counts, start, end, count, mean, min, max },
    gaps,
  };
}

/** The inverse of `toLiveFrame`. */
export function fromLiveFrame({ seq, readings, windows, gaps }: LiveFrame): Frame {
  const { start, end, count, mean, min, max } = windows;
  return {
    seq,
    readings: { ids: readings.ids, counts: readings.counts, columns: [readings.t, readings.v] },
    windows: { ids: windows.ids, counts: windows.counts, columns: [start, end, count, mean, min, max] },
    gaps,
  };
}

/** Readings and windows of a frame. */
export function rowsIn({ readings, windows }: Frame): number {
  return (readings.columns[0]?.length ?? 0) + (windows.columns[0]?.length ?? 0);
}

/** Memory of its columns. */
export function rowBytes({ readings, windows }: Frame): number {
  return [readings, windows].reduce((sum, { ids, columns }) => {
    return sum + 2 * ids.byteLength + columns.reduce((bytes, { byteLength }) => bytes + byteLength, 0);
  }, 0);
}

/** The frame with columns of its own, which share one piece of memory. */
export function copyFrame({ seq, readings, windows, gaps }: Frame): Frame {
  const memory = new Float64Array(
    rowBytes({ seq, readings, windows, gaps }) / Float64Array.BYTES_PER_ELEMENT,
  );
  let used = 0;
  const copy = (column: Float64Array): Float64Array => {
    const copied = memory.subarray(used, used + column.length);
    copied.set(column);
    used += column.length;
    return copied;
  };
  const copyRows = ({ ids, counts, columns }: OrderedRows): OrderedRows => {
    return { ids: copy(ids), counts: copy(counts), columns: columns.map(copy) };
  };
  return { seq, readings: copyRows(readings), windows: copyRows(windows), gaps };
}

/** The part of a frame that `wanted` names; the frame itself where that is all of it, undefined where it is nothing. */
export function selectFrame(
  frame: Frame,
  wanted: { stream: (id: number) => boolean; gap: (gap: LiveGap) => boolean },
): Frame | undefined {
  const readings = selectRows(frame.readings, wanted.stream);
  const windows = selectRows(frame.windows, wanted.stream);
  const gaps = frame.gaps.filter(wanted.gap);
  const selected = { seq: frame.seq, readings, windows, gaps };
  if (rowsIn(selected) === 0 && gaps.length === 0) return undefined;
  const isWhole =
    readings === frame.readings && windows === frame.windows && gaps.length === frame.gaps.length;
  return isWhole ? frame : selected;
}

/** Copies the rows of the streams that are wanted; the rows themselves where all are. */
function selectRows(all: OrderedRows, wanted: (id: number) => boolean): OrderedRows {
  const kept: number[] = [];
  const ranges: RowRange[] = [];
  let rows = 0;
  let from = 0;
  for (let index = 0; index < all.ids.length; index++) {
    const to = from + all.counts[index]!;
    if (wanted(all.ids[index]!)) {
      kept.push(index);
      ranges.push({ from, to });
      rows += to - from;
    }
    from = to;
  }
  if (kept.length === all.ids.length) return all;
  return {
    ids: Float64Array.from(kept, (index) => all.ids[index]!),
    counts: Float64Array.from(kept, (index) => all.counts[index]!),
    columns: all.columns.map((column) => copyRanges(column, ranges, rows)),
  };
}

/** Rows of one stream, `to` not included. */
interface RowRange {
  readonly from: number;
  readonly to: number;
}

function copyRanges(column: Float64Array, ranges: readonly RowRange[], rows: number): Float64Array {
  const copied = new Float64Array(rows);
  let row = 0;
  for (const { from, to } of ranges) {
    copied.set(column.subarray(from, to), row);
    row += to - from;
  }
  return copied;
}
