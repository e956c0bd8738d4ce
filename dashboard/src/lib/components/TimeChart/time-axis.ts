import { showTick, zoneOffsetUs } from '../../format/times.ts';
import { timeTicks } from '../../series/time-ticks.ts';
import type { FrameLoop } from '../../state/frame-loop.ts';
import { valueAxisPx } from './chart-options.ts';
import { moveStepUs } from './move-step.ts';
import { labelFont } from './palette.ts';
import { tickSpacePx } from './time-chart.svelte.ts';

/** Keeps the labels of the common time axis moving with the charts beneath it. */
export function mountTimeAxis(
  frames: FrameLoop,
  rangeUs: () => number,
): (canvas: HTMLCanvasElement) => () => void {
  return (canvas) => {
    let drawnKey = '';
    return frames.add((nowUs) => {
      const width = canvas.clientWidth;
      const plotPx = Math.max(1, width - valueAxisPx);
      const pixelUs = rangeUs() / plotPx;
      const stepUs = moveStepUs(pixelUs);
      const toUs = Math.floor(nowUs / stepUs) * stepUs;
      const colour = getComputedStyle(canvas).color;
      const key = `${toUs} ${width} ${colour} ${devicePixelRatio}`;
      if (key === drawnKey || width === 0) return;
      drawnKey = key;
      drawLabels(canvas, { fromUs: toUs - rangeUs(), toUs, plotPx, colour });
    });
  };
}

function drawLabels(
  canvas: HTMLCanvasElement,
  view: { fromUs: number; toUs: number; plotPx: number; colour: string },
): void {
  const { fromUs, toUs, plotPx } = view;
  const ratio = devicePixelRatio;
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(canvas.clientHeight * ratio);
  const context = canvas.getContext('2d');
  if (!context) return;
  context.scale(ratio, ratio);
  context.font = labelFont;
  context.fillStyle = view.colour;
  context.textBaseline = 'middle';
  context.textAlign = 'center';
  const { ticksUs, stepUs } = timeTicks(fromUs, toUs, plotPx / tickSpacePx, zoneOffsetUs(toUs));
  for (const tickUs of ticksUs) {
    const x = ((tickUs - fromUs) / (toUs - fromUs)) * plotPx;
    const text = showTick(tickUs, stepUs);
    const half = context.measureText(text).width / 2;
    if (x >= half && x <= plotPx + half) context.fillText(text, x, canvas.clientHeight / 2);
  }
}
