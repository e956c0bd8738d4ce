import { WindowAccumulator } from '@fieldline/protocol/aggregate';
import { ClosedQueue } from './closed-queue.ts';
import { dropRows } from './drop-rows.ts';
import type { ClosedWindow, ClosedWindows } from './window-columns.ts';
import type { WindowedStream, WindowSource } from './window-source.ts';

/** The streams of one sensor that share their windows. */
export interface WindowGroupOptions {
  readonly streams: readonly WindowedStream[];
  /** The configured kind, as it travels: `10s`. */
  readonly window: string;
  readonly lengthUs: number;
  /** How long after its end a window waits for late readings, in microseconds. */
  readonly latenessUs: number;
  /** Windows that began before this are partial: their beginning was not seen. */
  readonly startedAtUs: number;
}

interface Window {
  readonly startUs: number;
  partial: boolean;
  /** One a stream of the group; none before its first reading. */
  readonly accumulators: (WindowAccumulator | undefined)[];
}

/** Windows that one group may have open: more means that the times make no sense. */
export const openWindowsMax = 256;

/**
 * Tumbling windows of one length, aligned to the epoch of the clock: `[k·length, (k+1)·length)`. Readings may
 * come in any order within the lateness; later ones are dropped as `late`.
 */
export class WindowGroup implements WindowSource {
  readonly #options: WindowGroupOptions;
  readonly #open = new Map<number, Window>();
  readonly #closed: ClosedQueue;
  #closedThroughUs = Number.NEGATIVE_INFINITY;

  constructor(options: WindowGroupOptions) {
    this.#options = options;
    this.#closed = new ClosedQueue(options.window, options.streams);
  }

  get closedCount(): number {
    return this.#closed.length;
  }

  record(stream: number, t: Float64Array, v: Float64Array): void {
    let from = 0;
    while (from < t.length) {
      const startUs = this.#startOf(t[from]!);
      const to = runEnd(t, from, startUs + this.#options.lengthUs);
      this.#recordRun(stream, startUs, t, v, from, to);
      from = to;
    }
  }

  closeDue(nowUs: number): void {
    const { lengthUs, latenessUs } = this.#options;
    this.#close((window) => window.startUs + lengthUs + latenessUs <= nowUs);
    this.#closedThroughUs = Math.max(this.#closedThroughUs, this.#startOf(nowUs - latenessUs));
  }

  closeAll(nowUs: number): void {
    for (const window of this.#open.values()) {
      if (window.startUs + this.#options.lengthUs > nowUs) window.partial = true;
    }
    this.#close(() => true);
  }

  openCount(stream: number): number {
    let count = this.#closed.count(stream);
    for (const window of this.#open.values()) count += window.accumulators[stream]?.count ?? 0;
    return count;
  }

  peek(): ClosedWindows | undefined {
    const open = [...this.#open.values()].sort((a, b) => a.startUs - b.startUs);
    return this.#closed.peek(open.map((window) => ({ ...this.#ended(window), partial: true })));
  }

  take(maxWindows: number): ClosedWindows | undefined {
    return this.#closed.take(maxWindows);
  }

  #startOf(tUs: number): number {
    return Math.floor(tUs / this.#options.lengthUs) * this.#options.lengthUs;
  }

  #recordRun(
    stream: number,
    startUs: number,
    t: Float64Array,
    v: Float64Array,
    from: number,
    to: number,
  ): void {
    const values = from === 0 && to === v.length ? v : v.subarray(from, to);
    const window = this.#windowAt(startUs);
    if (typeof window === 'string') {
      const count = dropRows(values);
      if (count > 0) this.#options.streams[stream]?.filter(window, count);
      return;
    }
    const sketch = this.#options.streams[stream]?.sketch ?? false;
    const accumulator = (window.accumulators[stream] ??= new WindowAccumulator({ sketch }));
    accumulator.recordBlock(values, t[from], t[to - 1]);
  }

  /** The open window of that start, or the reason for which there is none. */
  #windowAt(startUs: number): Window | 'late' | 'too-many-windows' {
    const known = this.#open.get(startUs);
    if (known !== undefined) return known;
    if (startUs < this.#closedThroughUs) return 'late';
    if (this.#open.size >= openWindowsMax) return 'too-many-windows';
    const partial = startUs < this.#options.startedAtUs;
    const window: Window = { startUs, partial, accumulators: [] };
    this.#open.set(startUs, window);
    return window;
  }

  #close(isDue: (window: Window) => boolean): void {
    const due = [...this.#open.values()].filter(isDue).sort((a, b) => a.startUs - b.startUs);
    for (const window of due) {
      this.#open.delete(window.startUs);
      this.#closed.push(this.#ended(window));
    }
  }

  #ended({ startUs, partial, accumulators }: Window): ClosedWindow {
    return { startUs, endUs: startUs + this.#options.lengthUs, partial, accumulators };
  }
}

/** The end of the run of rows from `from` on that are in order and before `endUs`. */
export function runEnd(t: Float64Array, from: number, endUs: number): number {
  let to = from + 1;
  let before = t[from]!;
  for (; to < t.length; to++) {
    const at = t[to]!;
    if (at >= endUs || at < before) break;
    before = at;
  }
  return to;
}
