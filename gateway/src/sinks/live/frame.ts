import type { LiveGap } from '@fieldline/protocol';
import type { LiveReadingColumns, LiveWindowColumns } from '@fieldline/protocol/live';
import type { LiveEntry } from './live-entries.ts';

/** Rows of many streams as columns; part `i` belongs to `entries[i]`, and its rows begin at `offsets[i]`. */
export interface FramePart<Columns> {
  readonly entries: readonly LiveEntry[];
  readonly offsets: Uint32Array;
  readonly columns: Columns;
}

/** What came in one display frame. */
export interface Frame {
  readonly seq: number;
  readonly readings: FramePart<LiveReadingColumns>;
  readonly windows: FramePart<LiveWindowColumns>;
  readonly gaps: readonly LiveGap[];
  readonly rows: number;
  /** Times of its live-lane rows (of windows: the end), µs, for the latency up to the socket. */
  readonly liveTimesUs: Float64Array;
  /** Of all its columns together. */
  readonly sizeBytes: number;
}

const empty = new Float64Array(0);

/** Rows of entries: each entry's own, `used` values long. */
type RowsOf = (entry: LiveEntry) => { readonly rows: Float64Array; readonly used: number };

/** Makes a frame of entries; sorts them by number, which makes the column of numbers small. */
export function makeFrame(
  entries: LiveEntry[],
  about: { seq: number; gaps: readonly LiveGap[]; liveTimesUs: Float64Array },
  rowsOf: RowsOf = (entry) => entry,
): Frame {
  if (!isSorted(entries)) entries.sort((a, b) => a.id - b.id);
  // Most frames hold readings alone.
  const hasWindows = entries.some(({ window }) => window !== null);
  const ofReadings = hasWindows ? entries.filter(({ window }) => window === null) : entries;
  const readings = columnsOf(ofReadings, rowsOf, 2);
  const windows = columnsOf(hasWindows ? entries.filter(({ window }) => window !== null) : [], rowsOf, 6);
  const [t = empty, v = empty] = readings.columns;
  const [start = empty, end = empty, count = empty, mean = empty, min = empty, max = empty] = windows.columns;
  const { ids, counts } = readings;
  return {
    ...about,
    readings: { ...readings, columns: { ids, counts, t, v } },
    windows: {
      ...windows,
      columns: { ids: windows.ids, counts: windows.counts, start, end, count, mean, min, max }, // prettier-ignore
    },
    rows: readings.rows + windows.rows,
    sizeBytes: 16 * readings.rows + 48 * windows.rows + 16 * entries.length + 100 * about.gaps.length,
  };
}

/** Devices mostly send in turn: then nothing is to be sorted. */
function isSorted(entries: readonly LiveEntry[]): boolean {
  for (let index = 1; index < entries.length; index++) {
    if (entries[index]!.id < entries[index - 1]!.id) return false;
  }
  return true;
}

function columnsOf(entries: readonly LiveEntry[], rowsOf: RowsOf, width: number) {
  const ids = new Float64Array(entries.length);
  const counts = new Float64Array(entries.length);
  const offsets = new Uint32Array(entries.length);
  let rows = 0;
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index]!;
    ids[index] = entry.id;
    offsets[index] = rows;
    counts[index] = rowsOf(entry).used / width;
    rows += counts[index]!;
  }
  const columns = Array.from({ length: width }, () => new Float64Array(rows));
  let row = 0;
  for (let index = 0; index < entries.length; index++) {
    const { rows: values, used } = rowsOf(entries[index]!);
    for (let at = 0; at < used; at += width, row++) {
      for (let column = 0; column < width; column++) columns[column]![row] = values[at + column]!;
    }
  }
  return { entries, offsets, ids, counts, columns, rows };
}

/** The part of a frame that `wanted` names; the frame itself where that is all of it, undefined where it is nothing. */
export function selectFrame(
  frame: Frame,
  wanted: { entry: (entry: LiveEntry) => boolean; gap: (gap: LiveGap) => boolean },
): Frame | undefined {
  const readings = selectPart(frame.readings, wanted.entry);
  const windows = selectPart(frame.windows, wanted.entry);
  const gaps = frame.gaps.filter(wanted.gap);
  const rows = readings.rows + windows.rows;
  if (rows === 0 && gaps.length === 0) return undefined;
  if (rows === frame.rows && gaps.length === frame.gaps.length) return frame;
  return { ...frame, readings: readings.part, windows: windows.part, gaps, rows };
}

function selectPart<Columns extends { readonly ids: Float64Array; readonly counts: Float64Array }>(
  part: FramePart<Columns>,
  wanted: (entry: LiveEntry) => boolean,
): { part: FramePart<Columns>; rows: number } {
  const kept: number[] = [];
  let rows = 0;
  for (let index = 0; index < part.entries.length; index++) {
    if (!wanted(part.entries[index]!)) continue;
    kept.push(index);
    rows += part.columns.counts[index]!;
  }
  if (kept.length === part.entries.length) return { part, rows };
  const offsets = new Uint32Array(kept.length);
  for (let index = 1; index < kept.length; index++) {
    offsets[index] = offsets[index - 1]! + part.columns.counts[kept[index - 1]!]!;
  }
  const copy = (name: string, column: Float64Array): Float64Array =>
    name === 'ids' || name === 'counts'
      ? Float64Array.from(kept, (index) => column[index]!)
      : copyRows(column, part, kept, rows);
  const columns = Object.fromEntries(
    Object.entries<Float64Array>({ ...part.columns }).map(([name, column]) => [name, copy(name, column)]),
  ) as unknown as Columns;
  return { part: { entries: kept.map((index) => part.entries[index]!), offsets, columns }, rows };
}

function copyRows(
  column: Float64Array,
  { offsets, columns }: FramePart<{ readonly counts: Float64Array }>,
  kept: readonly number[],
  rows: number,
): Float64Array {
  const copied = new Float64Array(rows);
  let row = 0;
  for (const index of kept) {
    const from = offsets[index]!;
    const count = columns.counts[index]!;
    copied.set(column.subarray(from, from + count), row);
    row += count;
  }
  return copied;
}
