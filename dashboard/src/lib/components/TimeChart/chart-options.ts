import type uPlot from 'uplot';
import { showFigure } from '../../format/units.ts';
import { decimalsOfStep, type NiceScale } from '../../series/nice-scale.ts';
import type { TimeSpan } from '../../series/time-span.ts';
import { labelFont, type Palette } from './palette.ts';

/** Width of the value axis in CSS pixels: the same for all charts, so that their time axes agree. */
export const valueAxisPx = 58;

/** What the options ask for again on every drawing, since it changes while the chart lives. */
export interface ChartSource {
  palette(): Palette;
  scale(): NiceScale;
  span(): TimeSpan;
  timeTicks(): number[];
  drawGaps(chart: uPlot): void;
  drawOver(chart: uPlot): void;
  cursorMoved(chart: uPlot): void;
}

/** uPlot's options: mean as a line within the band of lowest to highest; times in µs. */
export function chartOptions(source: ChartSource, size: { width: number; height: number }): uPlot.Options {
  const line = () => source.palette().line;
  return {
    ...size,
    padding: [16, 0, 14, 0],
    legend: { show: false },
    scales: {
      x: { time: false, range: () => [source.span().fromUs, source.span().toUs] },
      y: { range: () => [source.scale().low, source.scale().high] },
    },
    axes: [timeAxis(source), valueAxis(source)],
    series: [
      {},
      { stroke: line, width: 1.5, points: { show: false } },
      { points: { show: false }, width: 0 },
      { points: { show: false }, width: 0 },
    ],
    bands: [{ series: [3, 2], fill: () => source.palette().band }],
    cursor: {
      y: false,
      drag: { x: false, y: false },
      // The page's own gestures take the place of uPlot's.
      bind: { mousedown: () => null, mouseup: () => null, dblclick: () => null },
      points: { show: cursorMark },
    },
    hooks: {
      drawAxes: [(chart) => source.drawGaps(chart)],
      draw: [(chart) => source.drawOver(chart)],
      setCursor: [(chart) => source.cursorMoved(chart)],
    },
  };
}

/** The time axis draws lines only: its labels stand once, above all charts. */
function timeAxis(source: ChartSource): uPlot.Axis {
  return {
    size: 0,
    splits: () => source.timeTicks(),
    values: (_chart, splits) => splits.map(() => ''),
    grid: { stroke: () => source.palette().rule, width: 1 },
    ticks: { show: false },
  };
}

function valueAxis(source: ChartSource): uPlot.Axis {
  return {
    side: 1,
    size: valueAxisPx,
    gap: 8,
    font: labelFont,
    stroke: () => source.palette().label,
    splits: () => source.scale().ticks,
    values: (_chart, splits) => splits.map((value) => showFigure(value, decimalsOfStep(source.scale().step))),
    grid: { stroke: () => source.palette().rule, width: 1 },
    ticks: { show: false },
  };
}

/** The cursor marks the mean only: the marks of the band's edges stay empty. */
function cursorMark(chart: uPlot, seriesIndex: number): HTMLElement {
  const mark = document.createElement('div');
  if (seriesIndex !== 1) return mark;
  mark.className = 'u-cursor-pt';
  mark.style.width = mark.style.height = '7px';
  mark.style.margin = '-3.5px 0 0 -3.5px';
  mark.style.background = getComputedStyle(chart.root).getPropertyValue('--chart-line');
  return mark;
}
