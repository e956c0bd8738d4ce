import { toColumns, type ClosedWindow, type ClosedWindows } from './window-columns.ts';
import type { WindowedStream } from './window-source.ts';

/** Closed windows of a group that may wait to be sealed. */
export const closedWindowsMax = 20_000;

/** Windows that are closed and wait to be sealed: beyond their limit the oldest are lost, and counted. */
export class ClosedQueue {
  readonly #window: string;
  readonly #streams: readonly WindowedStream[];
  #windows: ClosedWindow[] = [];

  constructor(window: string, streams: readonly WindowedStream[]) {
    this.#window = window;
    this.#streams = streams;
  }

  get length(): number {
    return this.#windows.length;
  }

  /** Adds a window that holds at least one reading; an empty one is left out. */
  push(window: ClosedWindow): void {
    if (window.accumulators.some((accumulator) => (accumulator?.count ?? 0) > 0)) this.#windows.push(window);
    if (this.#windows.length > closedWindowsMax) this.#loseOldest(this.#windows.length - closedWindowsMax);
  }

  /** Readings of a stream in the windows that wait. */
  count(stream: number): number {
    let count = 0;
    for (const { accumulators } of this.#windows) count += accumulators[stream]?.count ?? 0;
    return count;
  }

  /** Removes and returns the oldest windows, at most `maxWindows`; undefined where there is none. */
  take(maxWindows: number): ClosedWindows | undefined {
    const windows = this.#windows.splice(0, maxWindows);
    return windows.length === 0 ? undefined : toColumns(this.#window, this.#streams, windows);
  }

  /** The windows that wait and those in `open`, which stay; undefined where there is none. */
  peek(open: readonly ClosedWindow[]): ClosedWindows | undefined {
    const windows = [...this.#windows, ...open];
    return windows.length === 0 ? undefined : toColumns(this.#window, this.#streams, windows);
  }

  #loseOldest(count: number): void {
    for (const { accumulators } of this.#windows.splice(0, count)) {
      accumulators.forEach((accumulator, stream) => {
        if (accumulator) this.#streams[stream]?.lose('memory-full', accumulator.count);
      });
    }
  }
}
