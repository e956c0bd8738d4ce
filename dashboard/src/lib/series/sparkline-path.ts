import { decimate } from './decimate.ts';
import { findGaps } from './gaps.ts';
import type { StreamSeries } from './stream-series.ts';

/** A sparkline in the coordinates of its SVG: the line with its breaks, the band, the newest point, the extremes. */
export interface SparklinePath {
  readonly line: string;
  readonly band: string;
  readonly newest: { readonly x: number; readonly y: number } | undefined;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** Size in SVG units and the stretch of time shown, in µs. */
export interface SparklineView {
  readonly width: number;
  readonly height: number;
  readonly fromUs: number;
  readonly toUs: number;
}

/** Spans of a sparkline, in µs: a new stream fills its line at once instead of after a quarter of an hour. */
const spansUs = [60e6, 300e6];

/** The span of a sparkline whose stream is older than all others, in µs. */
export const longestSpanUs = 900e6;

/** The shortest span that holds all that is known of a young stream, in µs. */
export function sparklineSpanUs(series: StreamSeries, nowUs: number): number {
  const oldestUs = series.buffer.at(0)?.startUs;
  return spansUs.find((spanUs) => oldestUs === undefined || nowUs - oldestUs <= spanUs) ?? longestSpanUs;
}

const empty: SparklinePath = { line: '', band: '', newest: undefined, low: undefined, high: undefined };

/** Free rim above and below, so that a stroke is not cut: SVG units. */
const rim = 3;

/** Draws a series as one small line; it breaks at gaps. */
export function sparklinePath(series: StreamSeries, view: SparklineView): SparklinePath {
  const { fromUs, toUs } = view;
  const gaps = findGaps(series.buffer, series.gaps, toUs);
  const bucketUs = (toUs - fromUs) / (view.width / 2);
  const drawn = decimate(series.buffer, { fromUs, toUs, bucketUs, gaps });
  const shown = drawn.timeUs.map((time, index) => ({ time, index })).filter(({ time }) => time >= fromUs);
  const lows = shown.flatMap(({ index }) => drawn.min[index] ?? []);
  const highs = shown.flatMap(({ index }) => drawn.max[index] ?? []);
  if (lows.length === 0) return empty;
  const low = Math.min(...lows);
  const high = Math.max(...highs);
  const span = Math.max(high - low, Math.abs(high) * 1e-3, 1e-9);
  const x = (time: number) => ((time - fromUs) / (toUs - fromUs)) * view.width;
  const y = (value: number) =>
    view.height - rim - ((value - (low + high - span) / 2) / span) * (view.height - 2 * rim);
  const runs = splitAtBreaks(
    shown.map(({ index }) => index),
    drawn.mean,
  );
  const place = (index: number, column: (number | null)[]) =>
    `${x(drawn.timeUs[index] ?? 0).toFixed(1)},${y(column[index] ?? 0).toFixed(1)}`;
  const line = runs.map((run) => `M${run.map((index) => place(index, drawn.mean)).join('L')}h0.01`).join('');
  const band = runs
    .map((run) => [
      ...run.map((i) => place(i, drawn.max)),
      ...run.toReversed().map((i) => place(i, drawn.min)),
    ])
    .map((corners) => `M${corners.join('L')}Z`)
    .join('');
  const last = runs.at(-1)?.at(-1) ?? 0;
  return { line, band, newest: { x: x(drawn.timeUs[last] ?? 0), y: y(drawn.mean[last] ?? 0) }, low, high };
}

function splitAtBreaks(indexes: readonly number[], values: readonly (number | null)[]): number[][] {
  const runs: number[][] = [[]];
  for (const index of indexes) {
    if (values[index] === null || values[index] === undefined) runs.push([]);
    else runs.at(-1)?.push(index);
  }
  return runs.filter((run) => run.length > 0);
}
