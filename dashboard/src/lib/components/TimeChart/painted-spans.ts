import type uPlot from 'uplot';
import type { TimeSpan } from '../../series/time-span.ts';
import type { Palette } from './palette.ts';

/** Height of the bar above a painted stretch, and the least width of one, in CSS pixels. */
const barPx = 4;
const narrowestPx = 2;

/** Paints stretches of time behind the line: a wash, and a bar at the head that is seen without its colour. */
export function paintSpans(chart: uPlot, spans: readonly TimeSpan[], palette: Palette): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = palette.bad;
  for (const { fromUs, toUs } of spans) {
    const left = chart.valToPos(fromUs, 'x', true);
    const width = Math.max(chart.valToPos(toUs, 'x', true) - left, narrowestPx * devicePixelRatio);
    ctx.globalAlpha = 0.16;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillRect(left, bbox.top, width, barPx * devicePixelRatio);
  }
  ctx.restore();
}

/** Differs where other stretches are to be painted. */
export function paintedKey(spans: readonly TimeSpan[]): string {
  return spans.map(({ fromUs, toUs }) => `${fromUs}-${toUs}`).join(',');
}
