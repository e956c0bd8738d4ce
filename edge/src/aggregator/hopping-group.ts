import { WindowAccumulator } from '@fieldline/protocol/aggregate';
import { ClosedQueue } from './closed-queue.ts';
import type { ClosedWindow, ClosedWindows } from './window-columns.ts';
import { runEnd } from './window-group.ts';
import type { HoppingPlan, WindowedStream, WindowSource } from './window-source.ts';

/** The streams of one sensor that share hopping windows. */
export interface HoppingGroupOptions {
  readonly streams: readonly WindowedStream[];
  readonly plan: HoppingPlan;
  /** How long after its end a window waits for late readings, in microseconds. */
  readonly latenessUs: number;
  /** Windows that began before this are partial: their beginning was not seen. */
  readonly startedAtUs: number;
}

/** Panes that are merged at each flush, so that a crash does not take the windows that are open. */
export const peekedPanesMax = 1000;
/** Panes that one group may keep: more means that the times make no sense. */
export const panesMax = 4096;

/**
 * Windows that overlap: `[k·every, k·every + length)`. A reading is recorded once, in the pane that it falls
 * into; a window is merged from its panes when it closes, so that a reading costs the same however many windows
 * hold it. These windows are copies: the ledger counts their readings in the primary output of the stream.
 */
export class HoppingGroup implements WindowSource {
  readonly #options: HoppingGroupOptions;
  readonly #paneUs: number;
  readonly #panes = new Map<number, (WindowAccumulator | undefined)[]>();
  readonly #closed: ClosedQueue;
  /** The start of the next window to close; none where there are no panes. */
  #nextUs = Number.POSITIVE_INFINITY;
  /** Windows that start before this are closed. */
  #closedBeforeUs = Number.NEGATIVE_INFINITY;

  constructor(options: HoppingGroupOptions) {
    this.#options = options;
    this.#paneUs = greatestCommonDivisor(options.plan.lengthUs, options.plan.everyUs);
    this.#closed = new ClosedQueue(options.plan.window, options.streams);
  }

  get closedCount(): number {
    return this.#closed.length;
  }

  record(stream: number, t: Float64Array, v: Float64Array): void {
    let from = 0;
    while (from < t.length) {
      const paneUs = Math.floor(t[from]! / this.#paneUs) * this.#paneUs;
      const to = runEnd(t, from, paneUs + this.#paneUs);
      const pane = this.#paneAt(paneUs);
      if (typeof pane !== 'string') {
        const sketch = this.#options.streams[stream]?.sketch ?? false;
        const accumulator = (pane[stream] ??= new WindowAccumulator({ sketch }));
        accumulator.recordBlock(v.subarray(from, to), t[from], t[to - 1]);
      } else this.#options.streams[stream]?.filter(pane, countReadings(v, from, to));
      from = to;
    }
  }

  closeDue(nowUs: number): void {
    const { plan, latenessUs } = this.#options;
    const dueUs = nowUs - latenessUs - plan.lengthUs;
    this.#closeThrough(dueUs, Number.POSITIVE_INFINITY);
    const nextUs = (Math.floor(dueUs / plan.everyUs) + 1) * plan.everyUs;
    this.#closedBeforeUs = Math.max(this.#closedBeforeUs, nextUs);
  }

  closeAll(nowUs: number): void {
    this.#closeThrough(Number.POSITIVE_INFINITY, nowUs);
    this.#panes.clear();
  }

  /** None: these are copies. */
  openCount(): number {
    return 0;
  }

  /** The open ones too, as long as they are few: many are cheaper lost than merged at every flush. */
  peek(): ClosedWindows | undefined {
    const { lengthUs, everyUs } = this.#options.plan;
    const newestUs = this.#panes.size === 0 ? Number.NEGATIVE_INFINITY : Math.max(...this.#panes.keys());
    const windows = Math.max(0, Math.floor((newestUs - this.#nextUs) / everyUs) + 1);
    if (!(windows * (lengthUs / this.#paneUs) <= peekedPanesMax)) return this.#closed.peek([]);
    const starts = Array.from({ length: windows }, (_, index) => this.#nextUs + index * everyUs);
    return this.#closed.peek(starts.map((startUs) => this.#merged(startUs, true)));
  }

  take(maxWindows: number): ClosedWindows | undefined {
    return this.#closed.take(maxWindows);
  }

  /** The pane of that start, or the reason for which there is none. */
  #paneAt(
    paneUs: number,
  ): (WindowAccumulator | undefined)[] | 'late' | 'between-windows' | 'too-many-windows' {
    const known = this.#panes.get(paneUs);
    if (known !== undefined) return known;
    const { everyUs } = this.#options.plan;
    const lastUs = Math.floor(paneUs / everyUs) * everyUs;
    // Where `every` is longer than `length`, some panes are in no window at all.
    if (lastUs < this.#firstOf(paneUs)) return 'between-windows';
    if (lastUs < this.#closedBeforeUs) return 'late';
    if (this.#panes.size >= panesMax) return 'too-many-windows';
    const pane: (WindowAccumulator | undefined)[] = [];
    this.#panes.set(paneUs, pane);
    this.#nextUs = Math.min(this.#nextUs, Math.max(this.#firstOf(paneUs), this.#closedBeforeUs));
    return pane;
  }

  /** The start of the first window that holds the pane. */
  #firstOf(paneUs: number): number {
    const { lengthUs, everyUs } = this.#options.plan;
    // The sum turns a negative zero, which is no time, into zero.
    return Math.ceil((paneUs + this.#paneUs - lengthUs) / everyUs) * everyUs + 0;
  }

  #closeThrough(lastUs: number, endedUs: number): void {
    const { lengthUs, everyUs } = this.#options.plan;
    while (this.#nextUs <= lastUs && this.#panes.size > 0) {
      const startUs = this.#nextUs;
      const isEmpty = !this.#closeWindow(startUs, startUs + lengthUs > endedUs);
      for (let paneUs = startUs; paneUs < startUs + everyUs; paneUs += this.#paneUs)
        this.#panes.delete(paneUs);
      this.#nextUs = startUs + everyUs;
      // Over a pause straight to the next window that holds something.
      if (isEmpty) this.#nextUs = Math.max(this.#nextUs, this.#firstOf(Math.min(...this.#panes.keys())));
    }
    if (this.#panes.size === 0) this.#nextUs = Number.POSITIVE_INFINITY;
  }

  /** Closes a window; answers whether there was anything in it. */
  #closeWindow(startUs: number, endsEarly: boolean): boolean {
    const window = this.#merged(startUs, endsEarly);
    this.#closed.push(window);
    return window.accumulators.length > 0;
  }

  /** A window of its panes, which stay. */
  #merged(startUs: number, endsEarly: boolean): ClosedWindow {
    const { streams, plan, startedAtUs } = this.#options;
    const endUs = startUs + plan.lengthUs;
    const accumulators: (WindowAccumulator | undefined)[] = [];
    for (let paneUs = startUs; paneUs < endUs; paneUs += this.#paneUs) {
      this.#panes.get(paneUs)?.forEach((pane, stream) => {
        if (pane === undefined) return;
        const sketch = streams[stream]?.sketch ?? false;
        (accumulators[stream] ??= new WindowAccumulator({ sketch })).merge(pane);
      });
    }
    return { startUs, endUs, partial: endsEarly || startUs < startedAtUs, accumulators };
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function countReadings(v: Float64Array, from: number, to: number): number {
  let count = 0;
  for (let row = from; row < to; row++) if (!Number.isNaN(v[row])) count += 1;
  return count;
}
