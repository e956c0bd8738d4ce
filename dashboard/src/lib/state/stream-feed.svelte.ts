import type { LiveGap, LiveReadings, LiveWindows } from '@fieldline/protocol';
import type { HistoryRequests } from '../api/history-requests.ts';
import { StreamSeries, type Arrival } from '../series/stream-series.ts';
import type { TimeSpan } from '../series/time-span.ts';
import type { TimeChoice } from './time-address.ts';

/** Whether the history of a stream is here. */
export type FeedStatus = 'loading' | 'ready' | 'failed';

/** The least time between two requests for the history while a backlog drains, in ms. */
const reloadPauseMs = 3_000;

/** From a failed request to the next one, in ms. */
const failurePauseMs = 5_000;

/** A frozen axis must rest so long before its stretch is asked for, in ms: a wheel turns in many steps. */
const stillPauseMs = 120;

/** How much is asked for beyond the ends, in parts of the range: lines run out of the picture instead of ending in it. */
const margin = 0.02;

/** What a feed needs. */
export interface StreamFeedOptions {
  readonly histories: HistoryRequests;
  /** The gateway's time in µs. */
  readonly now: () => number;
  readonly rangeUs: number;
  /** Points asked of the history. */
  readonly points: number;
  /** The stretch to begin with, where the axis is frozen from the start. */
  readonly still?: TimeSpan | undefined;
}

/**
 * History first, then live: the series of one stream, for as long as something shows it. While the axis is
 * frozen, `shown` is the history of the frozen stretch, and what arrives live is kept beside it.
 */
export class StreamFeed {
  readonly stream: string;
  readonly series = new StreamSeries();
  status = $state<FeedStatus>('loading');
  /** Raised when the series changed: what is derived from it must be derived again. */
  revision = $state(0);
  /** Readings that came live since the feed began. */
  arrived = 0;
  /** Raised with every answer of the history: `shown` may be another series with the same revision. */
  stillVersion = 0;
  readonly #options: StreamFeedOptions;
  #rangeUs: number;
  #still: { readonly span: TimeSpan; series: StreamSeries | undefined } | undefined;
  #request = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(stream: string, options: StreamFeedOptions) {
    this.stream = stream;
    this.#options = options;
    this.#rangeUs = options.rangeUs;
    if (options.still) this.#still = { span: options.still, series: undefined };
  }

  /** What is to be drawn. */
  get shown(): StreamSeries {
    return this.#still?.series ?? this.series;
  }

  /** Follows the axis: another range, or a stretch that stands still. What is on the screen stays until the answer is here. */
  follow(choice: TimeChoice): void {
    if (choice.kind === 'frozen') return this.#followStill({ fromUs: choice.fromUs, toUs: choice.toUs });
    const wasStill = this.#still !== undefined;
    if (!wasStill && choice.rangeUs === this.#rangeUs) return;
    this.#rangeUs = choice.rangeUs;
    this.#still = undefined;
    this.stillVersion += 1;
    void this.load();
  }

  /** Asks for the history of what is shown; the answer to an older question is passed over. */
  async load(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#request += 1;
    const request = this.#request;
    const still = this.#still;
    const nowUs = this.#options.histories.momentUs();
    const span = still?.span ?? { fromUs: nowUs - this.#rangeUs, toUs: nowUs };
    const marginUs = (span.toUs - span.fromUs) * margin;
    const toUs = still ? span.toUs + marginUs : span.toUs;
    // Quantiles are asked for by those who draw them.
    const range = { fromUs: span.fromUs - marginUs, toUs, points: this.#options.points, quantiles: false };
    const answer = await this.#options.histories.ask(this.stream, range);
    if (request !== this.#request) return;
    if (answer.ok) {
      const series = still ? new StreamSeries() : this.series;
      series.applyHistory(answer.value, Math.min(toUs, this.#options.now()));
      if (still) still.series = series;
    }
    this.stillVersion += 1;
    this.status = answer.ok ? 'ready' : 'failed';
    this.revision += 1;
    // The store may be starting, or busy: what is missing comes later, by itself.
    if (!answer.ok) this.reloadSoon(failurePauseMs);
  }

  /** Asks again soon, at most once a pause. */
  reloadSoon(pauseMs = reloadPauseMs): void {
    this.#timer ??= setTimeout(() => void this.load(), pauseMs);
  }

  /** Takes readings that came live. */
  noteReadings(readings: LiveReadings): void {
    this.arrived += readings.t.length;
    this.#note(this.series.appendReadings(readings), readings.t[0]);
  }

  /** Takes windows that came live. */
  noteWindows(windows: LiveWindows): void {
    this.arrived += windows.start.length;
    this.#note(this.series.appendWindows(windows), windows.start[0]);
  }

  /** Records a gap of its sensor. */
  noteGap(gap: LiveGap): void {
    this.series.appendGap(gap);
    this.revision += 1;
    if (this.#concerns(gap.from)) this.reloadSoon();
  }

  /** No answer is awaited any more. */
  close(): void {
    this.#request += 1;
    clearTimeout(this.#timer);
  }

  #followStill(span: TimeSpan): void {
    const before = this.#still;
    if (before?.span.fromUs === span.fromUs && before.span.toUs === span.toUs) return;
    this.#still = { span, series: before?.series };
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.reloadSoon(stillPauseMs);
  }

  #note(arrival: Arrival, firstUs: number | undefined): void {
    this.revision += 1;
    const isShown = this.#still === undefined || this.#concerns(firstUs);
    if (this.#still ? isShown : arrival === 'backfilled') this.reloadSoon();
  }

  /** True where something at `timeUs` belongs into the frozen stretch. */
  #concerns(timeUs: number | undefined): boolean {
    const span = this.#still?.span;
    return span !== undefined && timeUs !== undefined && timeUs >= span.fromUs && timeUs < span.toUs;
  }
}
