import type uPlot from 'uplot';
import type { DrawnSeries } from '../../series/decimate.ts';
import { lowerIndex } from '../../series/lower-index.ts';
import type { TimeSpan } from '../../series/time-span.ts';
import type { Palette } from './palette.ts';

/** A line beside the mean: a quantile, or another day. Times in µs, ascending; null breaks the line. */
export interface Overlay {
  readonly timeUs: readonly number[];
  readonly values: readonly (number | null)[];
  /** Which colour of the palette. */
  readonly colour: 'line' | 'label' | 'bad';
  /** Strokes and spaces in CSS pixels; empty: unbroken. */
  readonly dash: readonly number[];
}

/** Radius of the dot at the head of a living line, in CSS pixels. */
const headPx = 2.75;

/** Draws the lines, cut at the edge of the plot. */
export function drawOverlays(chart: uPlot, overlays: readonly Overlay[], palette: Palette): void {
  const { ctx, bbox } = chart;
  for (const overlay of overlays) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.strokeStyle = palette[overlay.colour];
    ctx.lineWidth = 1.25 * devicePixelRatio;
    ctx.setLineDash(overlay.dash.map((px) => px * devicePixelRatio));
    ctx.beginPath();
    trace(chart, overlay);
    ctx.stroke();
    ctx.restore();
  }
}

/** Differs where other lines are to be drawn: by how many points they have, and by their ends. */
export function overlaysKey(overlays: readonly Overlay[]): string {
  return overlays.map(({ values }) => `${values.length} ${values[0]} ${values.at(-1)}`).join(',');
}

function trace(chart: uPlot, { timeUs, values }: Overlay): void {
  let broken = true;
  for (const [index, value] of values.entries()) {
    const time = timeUs[index];
    if (value === null || time === undefined) {
      broken = true;
      continue;
    }
    const x = chart.valToPos(time, 'x', true);
    const y = chart.valToPos(value, 'y', true);
    if (broken) chart.ctx.moveTo(x, y);
    else chart.ctx.lineTo(x, y);
    broken = false;
  }
}

/** The extremes of the mean's band, widened by the lines within `span`. */
export function overlayExtremes(
  overlays: readonly Overlay[],
  span: TimeSpan,
  [low, high]: readonly [number, number],
): [low: number, high: number] {
  let [lowest, highest] = [low, high];
  for (const { timeUs, values } of overlays) {
    for (let at = lowerIndex(timeUs, span.fromUs); at < values.length; at += 1) {
      if ((timeUs[at] ?? Infinity) > span.toUs) break;
      lowest = Math.min(lowest, values[at] ?? Infinity);
      highest = Math.max(highest, values[at] ?? -Infinity);
    }
  }
  return [lowest, highest];
}

/** A dot at the head of a living line. */
export function drawNewest(chart: uPlot, drawn: DrawnSeries, palette: Palette): void {
  const last = drawn.timeUs.length - 1;
  const value = drawn.mean[last];
  if (value === undefined || value === null) return;
  const { ctx } = chart;
  ctx.save();
  ctx.fillStyle = palette.line;
  ctx.beginPath();
  const x = chart.valToPos(drawn.timeUs[last] ?? 0, 'x', true);
  ctx.arc(x, chart.valToPos(value, 'y', true), headPx * devicePixelRatio, 0, 2 * Math.PI);
  ctx.fill();
  ctx.restore();
}
