import type uPlot from 'uplot';
import { gapKind, type GapKind } from '../../series/gap-kind.ts';
import type { Gap } from '../../series/gaps.ts';
import type { TimeSpan } from '../../series/time-span.ts';
import { gapReasonText } from '../../texts/en.ts';
import { labelFont, type Palette } from './palette.ts';

/** The narrowest shade, in CSS pixels: a short gap must be visible in a long range. */
const narrowestPx = 2;

/** Free space beside a gap's label, in CSS pixels. */
const labelRimPx = 6;

/** Height of the mark of what came late, in CSS pixels. */
const lateMarkPx = 4;

/** How a kind is hatched: distance of its strokes in CSS pixels, and which way they run. */
interface Hatching {
  readonly stepPx: number;
  readonly strokes: readonly ('up' | 'down' | 'upright')[];
  readonly colour: 'gap' | 'warn' | 'bad';
}

/** Kinds differ by their strokes and not by colour alone. */
const hatchings: Readonly<Record<Exclude<GapKind, 'late'>, Hatching>> = {
  silent: { stepPx: 7, strokes: ['up'], colour: 'gap' },
  offline: { stepPx: 7, strokes: ['down'], colour: 'gap' },
  lost: { stepPx: 6, strokes: ['up', 'down'], colour: 'bad' },
  clock: { stepPx: 5, strokes: ['upright'], colour: 'warn' },
};

/** Shades gaps behind the line, by kind, named where there is room; and marks at the foot what came late. */
export function shadeGaps(
  chart: uPlot,
  gaps: readonly Gap[],
  { palette, late }: { palette: Palette; late: readonly TimeSpan[] },
): void {
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const [from, to, reason] of gaps) {
    const box = boxOf(chart, from, to);
    if (!box) continue;
    const kind = gapKind(reason);
    hatch(ctx, box, palette, { ...hatchings[kind === 'late' ? 'silent' : kind], scale });
    label(ctx, box, { text: gapReasonText(reason), palette, scale });
  }
  ctx.fillStyle = palette.accent;
  for (const { fromUs, toUs } of late) {
    const box = boxOf(chart, fromUs, toUs);
    if (box) ctx.fillRect(box.left, box.top + box.height - lateMarkPx * scale, box.width, lateMarkPx * scale);
  }
  ctx.restore();
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function boxOf(chart: uPlot, fromUs: number, toUs: number): Box | undefined {
  const { bbox } = chart;
  const left = Math.max(bbox.left, chart.valToPos(fromUs, 'x', true));
  const right = Math.min(bbox.left + bbox.width, chart.valToPos(toUs, 'x', true));
  if (right < bbox.left || left > bbox.left + bbox.width) return undefined;
  const width = Math.max(right - left, narrowestPx * devicePixelRatio);
  return { left, width, top: bbox.top, height: bbox.height };
}

function hatch(
  ctx: CanvasRenderingContext2D,
  box: Box,
  palette: Palette,
  { strokes, stepPx, colour, scale }: Hatching & { readonly scale: number },
): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top, box.width, box.height);
  ctx.clip();
  ctx.strokeStyle = palette[colour];
  ctx.globalAlpha = colour === 'gap' ? 1 : 0.4;
  ctx.lineWidth = scale;
  ctx.beginPath();
  const [bottom, right] = [box.top + box.height, box.left + box.width];
  // Anchored to the gap's own left edge: the strokes travel with it.
  for (let x = box.left - box.height; x < right; x += stepPx * scale) {
    for (const stroke of strokes) {
      ctx.moveTo(x, stroke === 'down' ? box.top : bottom);
      ctx.lineTo(stroke === 'upright' ? x : x + box.height, stroke === 'down' ? bottom : box.top);
    }
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
