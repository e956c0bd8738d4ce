import type uPlot from 'uplot';
import { zoneOffsetUs } from '../../format/times.ts';
import { decimate, type DrawnSeries } from '../../series/decimate.ts';
import { findGaps, type Gap } from '../../series/gaps.ts';
import { niceScale, type NiceScale } from '../../series/nice-scale.ts';
import type { TimeSpan } from '../../series/time-span.ts';
import { timeTicks } from '../../series/time-ticks.ts';
import type { FrameLoop } from '../../state/frame-loop.ts';
import type { StreamFeed } from '../../state/stream-feed.svelte.ts';
import type { TimeView } from '../../state/time-view.svelte.ts';
import type { Zone } from '../../state/zone.svelte.ts';
import { ChartGestures } from './chart-gestures.ts';
import { chartOptions, valueAxisPx } from './chart-options.ts';
import { drawnExtremes, pointLengthUs, scaleFor } from './drawn-scale.ts';
import { shadeGaps } from './gap-shade.ts';
import { movingSpan } from './moving-span.ts';
import { drawNewest, drawOverlays, overlayExtremes, overlaysKey, type Overlay } from './overlays.ts';
import { paintedKey, paintSpans } from './painted-spans.ts';
import { onThemeChange, readPalette, unpainted, type Palette } from './palette.ts';

/** The least space between two labels of the time axis, in CSS pixels. */
export const tickSpacePx = 110;

/** How often the figures beside a chart are renewed, in µs: often enough to live, calm enough to read. */
const figuresEveryUs = 1_000_000;

/** Points closer than this many CSS pixels are drawn as one. */
const bucketPx = 1.5;

/** What a chart shows. */
export interface TimeChartOptions {
  readonly feed: StreamFeed;
  readonly frames: FrameLoop;
  readonly view: TimeView;
  readonly zone: Zone;
  readonly unit: string;
  /** Which of the series colours, 1 to 6. */
  readonly colour: number;
  /** Lines beside the mean, asked on every drawing. */
  readonly overlays: () => readonly Overlay[];
  /** Stretches of time to be painted behind the line, asked on every drawing. */
  readonly painted: () => readonly TimeSpan[];
  /** Whether the wheel zooms even where the chart has no focus. */
  readonly wheelZooms: () => boolean;
}

/** The point beneath the cursor. */
export interface CursorPoint {
  readonly timeUs: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** What the picture holds: the figures beside it. */
export interface ChartFigures {
  readonly low: number;
  readonly high: number;
  /** The time that one drawn point stands for, in µs; 0 where each is one reading as it came. */
  readonly pointUs: number;
}

/** One chart: draws its feed whenever that changed, the axis moved by a pixel, or the cursor did. */
export class TimeChart {
  /** Undefined where the picture is empty. */
  figures = $state.raw<ChartFigures | undefined>();
  cursor = $state.raw<CursorPoint | undefined>();
  /** The gaps within the picture. */
  gaps = $state.raw<Gap[]>([]);
  /** The stretch that a drag marks, as places from 0 to 1. */
  marked = $state.raw<readonly [number, number] | undefined>();
  readonly #options: TimeChartOptions;
  #chart: uPlot | undefined;
  #palette: Palette = unpainted;
  #scale: NiceScale = niceScale(0, 1, 3, 1);
  #span: TimeSpan = { fromUs: 0, toUs: 1 };
  #ticks: number[] = [];
  #drawn: DrawnSeries = { timeUs: [], mean: [], min: [], max: [] };
  #currentGaps: Gap[] = [];
  #drawnKey = '';
  #figuresAtUs = 0;
  /** The answer of the history that the figures were taken from: with another one they are renewed at once. */
  #figuresVersion = -1;
  /** True where the picture is newer than the figures. */
  #figuresLate = false;
  #visible = true;
  /** True while the mouse is over this very chart: its cursor leads, else it follows. */
  #leads = false;

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
      const chart = new UPlot(chartOptions(this, size), [[], [], [], []], element);
      this.#chart = chart;
      stops.push(...this.#watch(element, chart));
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
    const times = this.#drawn.timeUs;
    if (times.length === 0) return;
    const last = times.length - 1;
    const from = this.#chart?.cursor.idx ?? (steps < 0 ? last + 1 : -1);
    let to = Math.min(last, Math.max(0, from + steps));
    // The middle of a gap has no value: the cursor steps over it.
    const step = steps < 0 ? -1 : 1;
    while (this.#drawn.mean[to] === null && to + step >= 0 && to + step <= last) to += step;
    this.#options.view.cursorUs = times[to];
    this.#placeCursor();
  }

  /** Takes the cursor away. */
  clearCursor(): void {
    this.#options.view.cursorUs = undefined;
    this.#placeCursor();
  }

  palette(): Palette {
    return this.#palette;
  }

  scale(): NiceScale {
    return this.#scale;
  }

  span(): TimeSpan {
    return this.#span;
  }

  timeTicks(): number[] {
    return this.#ticks;
  }

  drawGaps(chart: uPlot): void {
    paintSpans(chart, this.#options.painted(), this.#palette);
    shadeGaps(chart, this.#currentGaps, { palette: this.#palette, late: this.#options.feed.series.late });
  }

  /** Lines beside the mean, and a dot at the head of a living line. */
  drawOver(chart: uPlot): void {
    drawOverlays(chart, this.#options.overlays(), this.#palette);
    if (!this.#options.view.frozen) drawNewest(chart, this.#drawn, this.#palette);
  }

  cursorMoved(chart: uPlot): void {
    const index = chart.cursor.idx;
    const inside = (chart.cursor.left ?? -1) >= 0;
    const mean = index === null || index === undefined ? null : this.#drawn.mean[index];
    if (!inside || index === null || index === undefined || mean === null || mean === undefined) {
      this.cursor = undefined;
    } else {
      const timeUs = this.#drawn.timeUs[index] ?? 0;
      this.cursor = {
        timeUs,
        mean,
        min: this.#drawn.min[index] ?? mean,
        max: this.#drawn.max[index] ?? mean,
      };
    }
    if (this.#leads && inside) this.#options.view.cursorUs = chart.posToVal(chart.cursor.left ?? 0, 'x');
  }

  #watch(element: HTMLElement, chart: uPlot): (() => void)[] {
    const resize = new ResizeObserver(() => this.#resize(element));
    resize.observe(element);
    const sight = new IntersectionObserver(
      (entries) => (this.#visible = entries.some((entry) => entry.isIntersecting)),
      { rootMargin: '200px' },
    );
    sight.observe(element);
    const lead = (leads: boolean) => {
      this.#leads = leads;
      if (!leads) this.clearCursor();
    };
    const { view, frames, wheelZooms } = this.#options;
    chart.over.addEventListener('mouseenter', () => lead(true));
    chart.over.addEventListener('mouseleave', () => lead(false));
    const gestures = new ChartGestures(chart.over, {
      span: () => this.#span,
      mark: (places) => (this.marked = places),
      show: (span, options) => view.show(span, options),
      zoom: (factor, aroundUs) => view.zoom(factor, aroundUs),
      ownsWheel: (event) =>
        wheelZooms() || event.ctrlKey || event.metaKey || element.parentElement === document.activeElement,
    });
    return [
      () => resize.disconnect(),
      () => sight.disconnect(),
      gestures.listen(),
      onThemeChange(() => {
        this.#palette = readPalette(element, this.#options.colour);
        this.#drawnKey = '';
      }),
      frames.add((nowUs) => this.#frame(element, nowUs)),
    ];
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
    if (!chart || !this.#visible) return;
    const { view, feed, zone } = this.#options;
    const plotPx = Math.max(1, chart.width - valueAxisPx);
    const span = movingSpan(view, nowUs, plotPx);
    const { buffer, gaps } = feed.shown;
    const overlays = overlaysKey(this.#options.overlays());
    const painted = paintedKey(this.#options.painted());
    const key = `${painted} ${span.fromUs} ${span.toUs} ${buffer.revision} ${feed.stillVersion} ${gaps.length} ${overlays} ${zone.choice}`;
    if (key !== this.#drawnKey && element.clientWidth > 0) {
      this.#drawnKey = key;
      this.#draw(chart, span, plotPx);
      this.#figuresLate = true;
    }
    if (this.#figuresLate && this.#areFiguresDue(nowUs)) this.#renewFigures(nowUs, plotPx);
    if (!this.#leads) this.#placeCursor();
  }

  #draw(chart: uPlot, span: TimeSpan, plotPx: number): void {
    const { fromUs, toUs } = span;
    const { feed, unit, zone } = this.#options;
    const { buffer, gaps } = feed.shown;
    this.#currentGaps = findGaps(buffer, gaps, toUs).filter(([from, to]) => to > fromUs && from < toUs);
    const bucketUs = ((toUs - fromUs) / plotPx) * bucketPx;
    this.#drawn = decimate(buffer, { fromUs, toUs, bucketUs, gaps: this.#currentGaps });
    this.#span = span;
    const offsetUs = zoneOffsetUs(toUs, zone.choice);
    this.#ticks = timeTicks(fromUs, toUs, plotPx / tickSpacePx, offsetUs).ticksUs;
    const [low, high] = overlayExtremes(this.#options.overlays(), span, drawnExtremes(this.#drawn, fromUs));
    if (low <= high) this.#scale = scaleFor(unit, low, high);
    chart.batch(() => {
      chart.setData([this.#drawn.timeUs, this.#drawn.mean, this.#drawn.min, this.#drawn.max], false);
      chart.setScale('x', { min: fromUs, max: toUs });
    });
  }

  /** Puts the cursor where the page's cursor is; undone where nobody points. */
  #placeCursor(): void {
    const chart = this.#chart;
    if (!chart) return;
    const { cursorUs } = this.#options.view;
    const left = cursorUs === undefined ? -10 : chart.valToPos(cursorUs, 'x');
    if (left === chart.cursor.left || (left < 0 && (chart.cursor.left ?? -10) < 0)) return;
    chart.setCursor({ left, top: left < 0 ? -10 : 0 });
  }

  /** A day moves by a pixel a minute: figures that wait for the next picture would be those of the picture before. */
  #areFiguresDue(nowUs: number): boolean {
    const { view, feed } = this.#options;
    const isLater = Math.abs(nowUs - this.#figuresAtUs) >= figuresEveryUs;
    return view.frozen || feed.stillVersion !== this.#figuresVersion || isLater;
  }

  #renewFigures(nowUs: number, plotPx: number): void {
    this.#figuresAtUs = nowUs;
    this.#figuresVersion = this.#options.feed.stillVersion;
    this.#figuresLate = false;
    const { fromUs, toUs } = this.#span;
    const [low, high] = drawnExtremes(this.#drawn, fromUs);
    const bucketUs = ((toUs - fromUs) / plotPx) * bucketPx;
    const pointUs = pointLengthUs(this.#options.feed.shown.buffer, this.#drawn, this.#span, bucketUs);
    this.figures = low <= high ? { low, high, pointUs } : undefined;
    this.gaps = this.#currentGaps;
  }
}
