import { showExactTime, showTick, zoneOffsetUs, type ZoneChoice } from '../../format/times.ts';
import type { TimeSpan } from '../../series/time-span.ts';
import { timeTicks } from '../../series/time-ticks.ts';
import type { FrameLoop } from '../../state/frame-loop.ts';
import type { TimeView } from '../../state/time-view.svelte.ts';
import type { Zone } from '../../state/zone.svelte.ts';
import { valueAxisPx } from './chart-options.ts';
import { movingSpan } from './moving-span.ts';
import { labelFont } from './palette.ts';
import { tickSpacePx } from './time-chart.svelte.ts';

/** Free space around the time of the cursor, in CSS pixels. */
const cursorRimPx = 5;

/** What the common time axis shows. */
interface AxisSource {
  readonly frames: FrameLoop;
  readonly view: TimeView;
  readonly zone: Zone;
}

/** Keeps the labels of the common time axis moving with the charts beneath it, the cursor's time among them. */
export function mountTimeAxis({ frames, view, zone }: AxisSource): (canvas: HTMLCanvasElement) => () => void {
  return (canvas) => {
    let drawnKey = '';
    const style = getComputedStyle(canvas);
    return frames.add((nowUs) => {
      const width = canvas.clientWidth;
      if (width === 0) return;
      const plotPx = Math.max(1, width - valueAxisPx);
      const span = movingSpan(view, nowUs, plotPx);
      const colours = { label: style.color, mark: style.outlineColor, paper: style.backgroundColor };
      const key = `${span.fromUs} ${span.toUs} ${width} ${colours.label} ${devicePixelRatio} ${zone.choice} ${view.cursorUs}`;
      if (key === drawnKey) return;
      drawnKey = key;
      drawAxis(canvas, { span, plotPx, colours, zone: zone.choice, cursorUs: view.cursorUs });
    });
  };
}

interface AxisDrawing {
  readonly span: TimeSpan;
  readonly plotPx: number;
  readonly colours: { readonly label: string; readonly mark: string; readonly paper: string };
  readonly zone: ZoneChoice;
  readonly cursorUs: number | undefined;
}

function drawAxis(canvas: HTMLCanvasElement, drawing: AxisDrawing): void {
  const ratio = devicePixelRatio;
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(canvas.clientHeight * ratio);
  const context = canvas.getContext('2d');
  if (!context) return;
  context.scale(ratio, ratio);
  context.font = labelFont;
  context.textBaseline = 'middle';
  context.textAlign = 'center';
  drawTicks(context, drawing, canvas.clientHeight / 2);
  if (drawing.cursorUs !== undefined) drawCursor(context, drawing, canvas.clientHeight);
}

function drawTicks(context: CanvasRenderingContext2D, drawing: AxisDrawing, y: number): void {
  const { span, plotPx, zone } = drawing;
  const { fromUs, toUs } = span;
  context.fillStyle = drawing.colours.label;
  const { ticksUs, stepUs } = timeTicks(fromUs, toUs, plotPx / tickSpacePx, zoneOffsetUs(toUs, zone));
  for (const tickUs of ticksUs) {
    const x = ((tickUs - fromUs) / (toUs - fromUs)) * plotPx;
    const text = showTick(tickUs, stepUs, zone);
    const half = context.measureText(text).width / 2;
    if (x >= half && x <= plotPx + half) context.fillText(text, x, y);
  }
}

function drawCursor(context: CanvasRenderingContext2D, drawing: AxisDrawing, height: number): void {
  const { span, plotPx, zone, colours, cursorUs = 0 } = drawing;
  const text = showExactTime(cursorUs, zone);
  const half = context.measureText(text).width / 2 + cursorRimPx;
  const at = ((cursorUs - span.fromUs) / (span.toUs - span.fromUs)) * plotPx;
  if (at < 0 || at > plotPx) return;
  const x = Math.min(plotPx + valueAxisPx - half, Math.max(half, at));
  context.fillStyle = colours.mark;
  context.fillRect(x - half, 3, 2 * half, height - 6);
  context.fillStyle = colours.paper;
  context.fillText(text, x, height / 2);
}
