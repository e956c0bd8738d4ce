import { Sketch } from '@fieldline/protocol/aggregate';
import { saturated, summarise, type ReadingRows } from '../blocks/readings.ts';
import { windowsOf } from '../blocks/join-rows.ts';
import { sliceWindows } from '../blocks/block-writer.ts';
import type { WindowRows } from '../blocks/windows.ts';

/** Windows of `lengthUs`, aligned to the Unix epoch, of readings in order of time; each with its sketch. */
export function readingsToWindows({ t, v }: ReadingRows, lengthUs: number): WindowRows {
  const windows = emptyWindows(t.length);
  const sketch: Uint8Array[] = [];
  let rows = 0;
  for (let from = 0; from < t.length;) {
    const startUs = Math.floor(t[from]! / lengthUs) * lengthUs;
    let to = from + 1;
    while (to < t.length && t[to]! < startUs + lengthUs) to += 1;
    const { readings, sum, min, max, m2 } = summarise(v, from, to);
    setRow(windows, rows, { start: startUs, end: startUs + lengthUs, count: readings, sum, min, max, m2, first: v[from]!, last: v[to - 1]! }); // prettier-ignore
    sketch.push(sketchOf(v.subarray(from, to)));
    rows += 1;
    from = to;
  }
  return sliceWindows({ ...windows, sketch }, 0, rows);
}

/**
 * Windows in order of their starts as windows of `lengthUs`, each in the one in which it starts; those of one start become one.
 * Moments merge by Chan, Golub and LeVeque (1979), eq. 2.1; a sketch is there where all parts have one.
 */
export function coarsen(fine: WindowRows, lengthUs: number): WindowRows {
  const windows = emptyWindows(fine.start.length);
  const sketch: (Uint8Array | null)[] = [];
  let rows = 0;
  for (let from = 0; from < fine.start.length;) {
    const startUs = Math.floor(fine.start[from]! / lengthUs) * lengthUs;
    let to = from + 1;
    while (to < fine.start.length && fine.start[to]! < startUs + lengthUs) to += 1;
    setRow(windows, rows, { start: startUs, end: startUs + lengthUs, ...merged(fine, from, to) });
    sketch.push(mergedSketch(fine.sketch.slice(from, to)));
    rows += 1;
    from = to;
  }
  return sliceWindows({ ...windows, sketch }, 0, rows);
}

type Row = Record<'start' | 'end' | 'count' | 'sum' | 'min' | 'max' | 'first' | 'last' | 'm2', number>;

function merged(fine: WindowRows, from: number, to: number): Omit<Row, 'start' | 'end'> {
  let count = fine.count[from]!;
  let sum = fine.sum[from]!;
  let min = fine.min[from]!;
  let max = fine.max[from]!;
  let m2 = fine.m2[from]!;
  for (let at = from + 1; at < to; at++) {
    const more = fine.count[at]!;
    const apart = fine.sum[at]! / more - sum / count;
    m2 += fine.m2[at]! + apart * apart * ((count * more) / (count + more));
    count += more;
    sum += fine.sum[at]!;
    min = Math.min(min, fine.min[at]!);
    max = Math.max(max, fine.max[at]!);
  }
  return { count, sum: saturated(sum), min, max, m2: saturated(m2), first: fine.first[from]!, last: fine.last[to - 1]! }; // prettier-ignore
}

function mergedSketch(parts: readonly (Uint8Array | null)[]): Uint8Array | null {
  const [first = null, ...others] = parts;
  if (others.length === 0) return first;
  let whole: Sketch | undefined;
  for (const part of parts) {
    const decoded = part ? Sketch.decode(part) : undefined;
    if (!decoded?.ok) return null;
    // The first one sets the accuracy.
    if (whole) whole.merge(decoded.value);
    else whole = decoded.value;
  }
  return whole?.encode() ?? null;
}

function sketchOf(values: Float64Array): Uint8Array {
  const sketch = new Sketch();
  sketch.recordBlock(values);
  return sketch.encode();
}

function emptyWindows(rows: number): WindowRows {
  return windowsOf(() => new Float64Array(rows), new Uint8Array(rows), []);
}

function setRow(windows: WindowRows, at: number, row: Row): void {
  windows.start[at] = row.start;
  windows.end[at] = row.end;
  windows.count[at] = row.count;
  windows.sum[at] = row.sum;
  windows.min[at] = row.min;
  windows.max[at] = row.max;
  windows.first[at] = row.first;
  windows.last[at] = row.last;
  windows.m2[at] = row.m2;
}
