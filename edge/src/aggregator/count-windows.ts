import { WindowAccumulator } from '@fieldline/protocol/aggregate';
import { ClosedQueue } from './closed-queue.ts';
import { ReorderBuffer } from './reorder-buffer.ts';
import type { ClosedWindow, ClosedWindows } from './window-columns.ts';
import type { WindowedStream, WindowSource } from './window-source.ts';

/** Windows of so many readings of one stream. */
export interface CountWindowsOptions {
  readonly stream: WindowedStream;
  /** Readings a window. */
  readonly readings: number;
  readonly latenessUs: number;
}

interface Window {
  readonly startUs: number;
  lastUs: number;
  readonly accumulator: WindowAccumulator;
}

/**
 * Windows of a fixed number of readings, counted in the order of their times from the start of the agent: a
 * reading waits until nothing earlier can come within the lateness. From the first reading's time to the last
 * one's plus 1 µs. Readings that come later are dropped as `late`.
 */
export class CountWindows implements WindowSource {
  readonly #options: CountWindowsOptions;
  readonly #waiting = new ReorderBuffer();
  readonly #closed: ClosedQueue;
  #open: Window | undefined;

  constructor(options: CountWindowsOptions) {
    this.#options = options;
    this.#closed = new ClosedQueue(`count:${options.readings}`, [options.stream]);
  }

  get closedCount(): number {
    return this.#closed.length;
  }

  record(_stream: number, t: Float64Array, v: Float64Array): void {
    const { stream } = this.#options;
    for (let from = 0; from < t.length;) {
      const taken = this.#waiting.append(t.subarray(from), v.subarray(from));
      if (taken.late > 0) stream.filter('late', taken.late);
      from += taken.rows;
      // Full: what is oldest goes on early, and what is older still will be late.
      if (from < t.length) this.#waiting.releaseOldest((times, values) => this.#count(times, values));
    }
  }

  closeDue(nowUs: number): void {
    const beforeUs = nowUs - this.#options.latenessUs;
    this.#waiting.release(beforeUs, (times, values) => this.#count(times, values));
  }

  closeAll(): void {
    this.#waiting.release(Number.POSITIVE_INFINITY, (times, values) => this.#count(times, values));
    if (this.#open) this.#closed.push(ended(this.#open, true));
    this.#open = undefined;
  }

  openCount(): number {
    return this.#waiting.rows + (this.#open?.accumulator.count ?? 0) + this.#closed.count(0);
  }

  peek(): ClosedWindows | undefined {
    const windows: ClosedWindow[] = [];
    let open = this.#open && copyOf(this.#open, this.#options.stream);
    this.#waiting.peek((t, v) => {
      open = this.#fill(open, t, v, (full) => windows.push(ended(full, false)));
    });
    if (open) windows.push(ended(open, true));
    return this.#closed.peek(windows);
  }

  take(maxWindows: number): ClosedWindows | undefined {
    return this.#closed.take(maxWindows);
  }

  #count(t: Float64Array, v: Float64Array): void {
    this.#open = this.#fill(this.#open, t, v, (full) => this.#closed.push(ended(full, false)));
  }

  /** Puts readings, in the order of their times, into windows from `window` on; answers the one not yet full. */
  #fill(
    window: Window | undefined,
    t: Float64Array,
    v: Float64Array,
    close: (full: Window) => void,
  ): Window | undefined {
    const { readings, stream } = this.#options;
    let open = window;
    for (let from = 0; from < t.length;) {
      open ??= { startUs: t[from]!, lastUs: t[from]!, accumulator: accumulatorOf(stream) };
      const to = Math.min(t.length, from + readings - open.accumulator.count);
      open.accumulator.recordBlock(v.subarray(from, to), t[from], t[to - 1]);
      open.lastUs = t[to - 1]!;
      from = to;
      if (open.accumulator.count < readings) continue;
      close(open);
      open = undefined;
    }
    return open;
  }
}

function accumulatorOf({ sketch }: WindowedStream): WindowAccumulator {
  return new WindowAccumulator({ sketch });
}

function copyOf({ startUs, lastUs, accumulator }: Window, stream: WindowedStream): Window {
  const copy = accumulatorOf(stream);
  copy.merge(accumulator);
  return { startUs, lastUs, accumulator: copy };
}

function ended({ startUs, lastUs, accumulator }: Window, partial: boolean): ClosedWindow {
  return { startUs, endUs: lastUs + 1, partial, accumulators: [accumulator] };
}
