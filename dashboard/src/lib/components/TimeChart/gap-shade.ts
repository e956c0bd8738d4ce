import type uPlot from 'uplot';
import type { Gap } from '../../series/gaps.ts';
import { gapReasonText } from '../../texts/en.ts';
import { labelFont, type Palette } from './palette.ts';

/** Distance between two strokes of the hatching, and their width, in CSS pixels. */
const hatchPx = 7;
const strokePx = 1;

/** The narrowest shade, in CSS pixels: a short gap must be visible in a long range. */
const narrowestPx = 2;

/** Free space beside a gap's label, in CSS pixels. */
const labelRimPx = 6;

/** Shades gaps behind the line: hatched, so that they differ from data by more than colour, and named where there is room. */
export function shadeGaps(chart: uPlot, gaps: readonly Gap[], palette: Palette): void {
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const [from, to, reason] of gaps) {
    const left = Math.max(bbox.left, chart.valToPos(from, 'x', true));
    const right = Math.min(bbox.left + bbox.width, chart.valToPos(to, 'x', true));
    if (right < bbox.left || left > bbox.left + bbox.width) continue;
    const box = {
      left,
      width: Math.max(right - left, narrowestPx * scale),
      top: bbox.top,
      height: bbox.height,
    };
    hatch(ctx, box, palette.gap, scale);
    label(ctx, box, { text: gapReasonText(reason), palette, scale });
  }
  ctx.restore();
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function hatch(ctx: CanvasRenderingContext2D, box: Box, colour: string, scale: number): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top, box.width, box.height);
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = strokePx * scale;
  ctx.beginPath();
  const step = hatchPx * scale;
  // Anchored to the gap's own left edge: the strokes travel with it.
  for (let x = box.left - box.height; x < box.left + box.width; x += step) {
    ctx.moveTo(x, box.top + box.height);
    ctx.lineTo(x + box.height, box.top);
  }
  ctx.stroke();
  ctx.restore();
}

function label(
  ctx: CanvasRenderingContext2D,
  box: Box,
  { text, palette, scale }: { text: string; palette: Palette; scale: number },
): void {
  ctx.font = labelFont.replace('11px', `${11 * scale}px`);
  const width = ctx.measureText(text).width;
  const rim = labelRimPx * scale;
  if (width + 2 * rim > box.width) return;
  const x = box.left + box.width / 2;
  const y = box.top + box.height / 2;
  ctx.fillStyle = palette.paper;
  ctx.fillRect(x - width / 2 - rim, y - 9 * scale, width + 2 * rim, 18 * scale);
  ctx.fillStyle = palette.gapInk;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.fillText(text, x, y);
}
