import type uPlot from 'uplot';
import { zoneOffsetUs } from '../../format/times.ts';
import { decimate, type DrawnSeries } from '../../series/decimate.ts';
import { findGaps, type Gap } from '../../series/gaps.ts';
import { circleScale, niceScale, type NiceScale } from '../../series/nice-scale.ts';
import { timeTicks } from '../../series/time-ticks.ts';
import type { FrameLoop } from '../../state/frame-loop.ts';
import type { StreamFeed } from '../../state/stream-feed.svelte.ts';
import { chartOptions, valueAxisPx } from './chart-options.ts';
import { shadeGaps } from './gap-shade.ts';
import { moveStepUs } from './move-step.ts';
import { readPalette, unpainted, type Palette } from './palette.ts';
import { smallestSpan } from './smallest-span.ts';

/** The least space between two labels of the time axis, in CSS pixels. */
export const tickSpacePx = 110;

/** How often the figures beside a chart are renewed, in µs: often enough to live, calm enough to read. */
const figuresEveryUs = 1_000_000;

/** What a chart shows. */
export interface TimeChartOptions {
  readonly feed: StreamFeed;
  readonly frames: FrameLoop;
  readonly unit: string;
  /** Which of the series colours, 1 to 6. */
  readonly colour: number;
  /** The length of the time axis in µs; asked on every frame. */
  readonly rangeUs: () => number;
}

/** The point beneath the cursor. */
export interface CursorPoint {
  readonly timeUs: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** One live chart: draws its feed whenever that changed or time has moved by a pixel. */
export class TimeChart {
  /** Lowest and highest within the picture; undefined where it is empty. */
  extremes = $state.raw<{ low: number; high: number } | undefined>();
  cursor = $state.raw<CursorPoint | undefined>();
  /** The gaps within the picture. */
  gaps = $state.raw<Gap[]>([]);
  readonly #options: TimeChartOptions;
  #chart: uPlot | undefined;
  #palette: Palette = unpainted;
  #scale: NiceScale = niceScale(0, 1, 3, 1);
  #span: readonly [number, number] = [0, 1];
  #ticks: number[] = [];
  #drawn: DrawnSeries = { timeUs: [], mean: [], min: [], max: [] };
  #currentGaps: Gap[] = [];
  #drawnKey = '';
  #figuresAtUs = 0;

  constructor(options: TimeChartOptions) {
    this.#options = options;
  }

  /** Mounts the chart into `element` and lets it live until the returned function is called. */
  readonly mount = (element: HTMLElement): (() => void) => {
    let ended = false;
    const stops: (() => void)[] = [];
    void Promise.all([import('uplot'), import('./uplot.css')]).then(([{ default: UPlot }]) => {
      if (ended) return;
      const size = { width: Math.max(1, element.clientWidth), height: Math.max(1, element.clientHeight) };
      this.#palette = readPalette(element, this.#options.colour);
      this.#chart = new UPlot(chartOptions(this, size), [[], [], [], []], element);
      const observer = new ResizeObserver(() => this.#resize(element));
      observer.observe(element);
      stops.push(
        () => observer.disconnect(),
        this.#options.frames.add((nowUs) => this.#frame(element, nowUs)),
      );
    });
    return () => {
      ended = true;
      for (const stop of stops) stop();
      this.#chart?.destroy();
      this.#chart = undefined;
    };
  };

  /** Moves the cursor by `steps` drawn points; from the newest one where there is no cursor yet. */
  moveCursor(steps: number): void {
    const chart = this.#chart;
    if (!chart || this.#drawn.timeUs.length === 0) return;
    const last = this.#drawn.timeUs.length - 1;
    const from = chart.cursor.idx ?? (steps < 0 ? last + 1 : -1);
    const to = Math.min(last, Math.max(0, from + steps));
    chart.setCursor({ left: chart.valToPos(this.#drawn.timeUs[to] ?? 0, 'x'), top: 0 });
  }

  /** Takes the cursor away. */
  clearCursor(): void {
    this.#chart?.setCursor({ left: -10, top: -10 });
  }

  palette(): Palette {
    return this.#palette;
  }

  scale(): NiceScale {
    return this.#scale;
  }

  span(): readonly [number, number] {
    return this.#span;
  }

  timeTicks(): number[] {
    return this.#ticks;
  }

  drawGaps(chart: uPlot): void {
    shadeGaps(chart, this.#currentGaps, this.palette());
  }

  /** A dot at the head of a living line. */
  drawNewest(chart: uPlot): void {
    const last = this.#drawn.timeUs.length - 1;
    const value = this.#drawn.mean[last];
    if (value === undefined || value === null) return;
    const { ctx } = chart;
    ctx.save();
    ctx.fillStyle = this.palette().line;
    ctx.beginPath();
    const x = chart.valToPos(this.#drawn.timeUs[last] ?? 0, 'x', true);
    ctx.arc(x, chart.valToPos(value, 'y', true), 2.75 * devicePixelRatio, 0, 2 * Math.PI);
    ctx.fill();
    ctx.restore();
  }

  cursorMoved(chart: uPlot): void {
    const index = chart.cursor.idx;
    const inside = (chart.cursor.left ?? -1) >= 0;
    const mean = index === null || index === undefined ? null : this.#drawn.mean[index];
    if (!inside || index === null || index === undefined || mean === null || mean === undefined) {
      this.cursor = undefined;
      return;
    }
    const timeUs = this.#drawn.timeUs[index] ?? 0;
    this.cursor = { timeUs, mean, min: this.#drawn.min[index] ?? mean, max: this.#drawn.max[index] ?? mean };
  }

  #resize(element: HTMLElement): void {
    this.#chart?.setSize({
      width: Math.max(1, element.clientWidth),
      height: Math.max(1, element.clientHeight),
    });
    this.#drawnKey = '';
  }

  #frame(element: HTMLElement, nowUs: number): void {
    const chart = this.#chart;
    if (!chart || element.clientWidth === 0) return;
    const rangeUs = this.#options.rangeUs();
    const plotPx = Math.max(1, element.clientWidth - valueAxisPx);
    const pixelUs = rangeUs / plotPx;
    const stepUs = moveStepUs(pixelUs);
    const toUs = Math.floor(nowUs / stepUs) * stepUs;
    const palette = readPalette(element, this.#options.colour);
    const key = `${toUs} ${rangeUs} ${this.#options.feed.series.buffer.revision} ${this.#options.feed.series.gaps.length} ${palette.paper}${palette.line}`;
    if (key === this.#drawnKey) return;
    this.#drawnKey = key;
    this.#palette = palette;
    this.#draw(chart, { fromUs: toUs - rangeUs, toUs, pixelUs, plotPx });
    if (Math.abs(nowUs - this.#figuresAtUs) >= figuresEveryUs) this.#renewFigures(nowUs);
  }

  #draw(chart: uPlot, view: { fromUs: number; toUs: number; pixelUs: number; plotPx: number }): void {
    const { fromUs, toUs } = view;
    const { buffer, gaps } = this.#options.feed.series;
    this.#currentGaps = findGaps(buffer, gaps, toUs).filter(([from, to]) => to > fromUs && from < toUs);
    const options = { fromUs, toUs, bucketUs: view.pixelUs * 1.5, gaps: this.#currentGaps };
    this.#drawn = decimate(buffer, options);
    this.#span = [fromUs, toUs];
    this.#ticks = timeTicks(fromUs, toUs, view.plotPx / tickSpacePx, zoneOffsetUs(toUs)).ticksUs;
    const [low, high] = drawnExtremes(this.#drawn, fromUs);
    if (low <= high) this.#scale = scaleFor(this.#options.unit, low, high);
    chart.batch(() => {
      chart.setData([this.#drawn.timeUs, this.#drawn.mean, this.#drawn.min, this.#drawn.max], false);
      chart.setScale('x', { min: fromUs, max: toUs });
    });
  }

  #renewFigures(nowUs: number): void {
    this.#figuresAtUs = nowUs;
    const [low, high] = drawnExtremes(this.#drawn, this.#span[0]);
    this.extremes = low <= high ? { low, high } : undefined;
    this.gaps = this.#currentGaps;
  }
}

function scaleFor(unit: string, low: number, high: number): NiceScale {
  if (unit === 'deg' && low >= 0 && high <= 360 && high - low > 90) return circleScale;
  return niceScale(low, high, 3, smallestSpan(unit, high));
}

function drawnExtremes(drawn: DrawnSeries, fromUs: number): [low: number, high: number] {
  let low = Infinity;
  let high = -Infinity;
  for (let index = 0; index < drawn.timeUs.length; index += 1) {
    if ((drawn.timeUs[index] ?? 0) < fromUs) continue;
    low = Math.min(low, drawn.min[index] ?? Infinity);
    high = Math.max(high, drawn.max[index] ?? -Infinity);
  }
  return [low, high];
}
