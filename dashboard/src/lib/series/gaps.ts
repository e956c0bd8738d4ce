import type { Columns } from './series-buffer.ts';

/** A stretch without readings: from, to (µs), and why; an empty reason where nobody has said. */
export type Gap = readonly [fromUs: number, toUs: number, reason: string];

/** Silence of so many usual intervals is a gap, even where no record explains it. */
const intervalsOfSilence = 4;

/** Shorter silence is never shaded: it is jitter, and a sliver that nobody could see. */
const shortestGapUs = 500_000;

/** How many of the newest points the usual interval is taken from. */
const intervalSamples = 255;

/**
 * The usual time between two readings in µs: the median over the newest points of the distance to the next
 * point, divided by the readings in it. 0 where there are fewer than two points.
 */
export function usualIntervalUs(columns: Columns): number {
  const first = Math.max(0, columns.length - 1 - intervalSamples);
  const intervals = new Float64Array(Math.max(0, columns.length - 1 - first));
  for (let index = 0; index < intervals.length; index += 1) {
    const at = first + index;
    intervals[index] = (columns.startUs[at + 1]! - columns.startUs[at]!) / columns.count[at]!;
  }
  intervals.sort();
  return intervals[intervals.length >> 1] ?? 0;
}

/** The silence in µs from which a line must break. */
export function breakAfterUs(columns: Columns): number {
  return Math.max(shortestGapUs, intervalsOfSilence * usualIntervalUs(columns));
}

/** The longest time one point stands for, in µs: windows arrive only when they close. */
function lastSpanUs(columns: Columns): number {
  const last = columns.length - 1;
  return last < 0 ? 0 : columns.endUs[last]! - columns.startUs[last]!;
}

/** How long after its newest point a stream counts as silent: two windows, or a few seconds of transport. */
export function staleAfterUs(columns: Columns): number {
  return Math.max(5_000_000, 2 * lastSpanUs(columns) + 2_000_000, 2 * breakAfterUs(columns));
}

/**
 * All gaps to be shaded, oldest first: those that were recorded, and silences that nobody recorded. A silence
 * that a record overlaps takes over its reason, so that one absence is one shade. `nowUs` closes the last one.
 */
export function findGaps(columns: Columns, recorded: readonly Gap[], nowUs: number): Gap[] {
  const silences = findSilences(columns, nowUs);
  const explained = silences.map(([from, to]): Gap => {
    const record = recorded.find((gap) => gap[0] < to && gap[1] > from);
    return record ? [from, to, record[2]] : [from, to, ''];
  });
  const others = recorded.filter((gap) => !silences.some(([from, to]) => gap[0] < to && gap[1] > from));
  return [...explained, ...others].sort((a, b) => a[0] - b[0]);
}

function findSilences(columns: Columns, nowUs: number): [number, number][] {
  const limitUs = breakAfterUs(columns);
  const silences: [number, number][] = [];
  for (let index = 1; index < columns.length; index += 1) {
    const from = columns.endUs[index - 1]!;
    const to = columns.startUs[index]!;
    if (to - from > limitUs) silences.push([from, to]);
  }
  const newest = columns.length > 0 ? columns.endUs[columns.length - 1]! : undefined;
  if (newest !== undefined && nowUs - newest > staleAfterUs(columns)) silences.push([newest, nowUs]);
  return silences;
}
