import { WindowAccumulator } from '@fieldline/protocol/aggregate';
import type { WindowsField } from '@fieldline/protocol';

/** One stream that is carried as windows. */
export interface WindowedStream {
  /** Which column of the driver's blocks it is. */
  readonly column: number;
  readonly quantity: string;
  readonly unit: string;
  readonly sketch: boolean;
  /** Counts readings that came too late, or that found no window. */
  filter(reason: string, count: number): void;
  /** Counts readings of windows that found no place to wait. */
  lose(reason: string, count: number): void;
}

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

/** A block of windows, without the name of its sensor. */
export interface ClosedWindows {
  readonly window: string;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly partial?: Uint8Array;
  readonly fields: Record<string, WindowsField>;
}

interface Window {
  readonly startUs: number;
  partial: boolean;
  /** One a stream of the group; none before its first reading. */
  readonly accumulators: (WindowAccumulator | undefined)[];
}

/** Windows that one group may have open: more means that the times make no sense. */
export const openWindowsMax = 256;
/** Closed windows of a group that may wait to be sealed. */
export const closedWindowsMax = 20_000;

/**
 * Tumbling windows of one length, aligned to the epoch of the clock: `[k·length, (k+1)·length)`. Readings may
 * come in any order within the lateness; later ones are dropped as `late`.
 */
export class WindowGroup {
  readonly #options: WindowGroupOptions;
  readonly #open = new Map<number, Window>();
  #closed: Window[] = [];
  #closedThroughUs = Number.NEGATIVE_INFINITY;

  constructor(options: WindowGroupOptions) {
    this.#options = options;
  }

  get closedCount(): number {
    return this.#closed.length;
  }

  /** Records one column of a block: stream number, times (µs UTC) and values, NaN for none. */
  record(stream: number, t: Float64Array, v: Float64Array): void {
    let from = 0;
    while (from < t.length) {
      const startUs = this.#startOf(t[from]!);
      const to = this.#runEnd(t, from, startUs + this.#options.lengthUs);
      this.#recordRun(stream, startUs, t, v, from, to);
      from = to;
    }
  }

  /** Closes every window whose end and lateness have passed, whether or not readings still come. */
  closeDue(nowUs: number): void {
    const { lengthUs, latenessUs } = this.#options;
    this.#close((window) => window.startUs + lengthUs + latenessUs <= nowUs);
    this.#closedThroughUs = Math.max(this.#closedThroughUs, this.#startOf(nowUs - latenessUs));
  }

  /** Closes all: those that have not ended yet are partial. */
  closeAll(nowUs: number): void {
    for (const window of this.#open.values()) {
      if (window.startUs + this.#options.lengthUs > nowUs) window.partial = true;
    }
    this.#close(() => true);
  }

  /** Readings of a stream in windows that have not been taken: open, or closed and waiting. */
  openCount(stream: number): number {
    let count = 0;
    for (const window of this.#open.values()) count += window.accumulators[stream]?.count ?? 0;
    for (const window of this.#closed) count += window.accumulators[stream]?.count ?? 0;
    return count;
  }

  /** Removes and returns the oldest closed windows, at most `maxWindows`; undefined where there is none. */
  take(maxWindows: number): ClosedWindows | undefined {
    return this.#toBlock(this.#closed.splice(0, maxWindows));
  }

  /** What would be lost now: windows that wait, and the open ones as the partial windows that they are. */
  peek(): ClosedWindows | undefined {
    const open = [...this.#open.values()].filter(hasReadings).sort((a, b) => a.startUs - b.startUs);
    return this.#toBlock([...this.#closed, ...open.map((window) => ({ ...window, partial: true }))]);
  }

  #toBlock(windows: readonly Window[]): ClosedWindows | undefined {
    if (windows.length === 0) return undefined;
    const { window, lengthUs, streams } = this.#options;
    const fields: Record<string, WindowsField> = {};
    streams.forEach((stream, index) => {
      if (windows.some(({ accumulators }) => accumulators[index] !== undefined)) {
        fields[stream.quantity] = toField(stream, windows, index);
      }
    });
    const start = Float64Array.from(windows, ({ startUs }) => startUs);
    const partial = Uint8Array.from(windows, (each) => (each.partial ? 1 : 0));
    return {
      window,
      start,
      end: start.map((startUs) => startUs + lengthUs),
      ...(partial.includes(1) ? { partial } : {}),
      fields,
    };
  }

  #startOf(tUs: number): number {
    return Math.floor(tUs / this.#options.lengthUs) * this.#options.lengthUs;
  }

  /** The end of the run of rows that belong to one window and are in order. */
  #runEnd(t: Float64Array, from: number, endUs: number): number {
    let to = from + 1;
    while (to < t.length && t[to]! < endUs && t[to]! >= t[to - 1]!) to += 1;
    return to;
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
      const count = countFinite(values);
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
      if (hasReadings(window)) this.#closed.push(window);
    }
    if (this.#closed.length > closedWindowsMax) this.#loseOldest(this.#closed.length - closedWindowsMax);
  }

  #loseOldest(count: number): void {
    for (const { accumulators } of this.#closed.splice(0, count)) {
      accumulators.forEach((accumulator, stream) => {
        if (accumulator) this.#options.streams[stream]?.lose('memory-full', accumulator.count);
      });
    }
  }
}

function hasReadings({ accumulators }: Window): boolean {
  return accumulators.some((accumulator) => (accumulator?.count ?? 0) > 0);
}

function toField(stream: WindowedStream, windows: readonly Window[], index: number): WindowsField {
  const moments = windows.map(({ accumulators }) => accumulators[index]?.moments);
  const field = {
    unit: stream.unit,
    count: Float64Array.from(moments, (each) => each?.count ?? 0),
    sum: Float64Array.from(moments, (each) => each?.sum ?? Number.NaN),
    min: Float64Array.from(moments, (each) => each?.min ?? Number.NaN),
    max: Float64Array.from(moments, (each) => each?.max ?? Number.NaN),
    first: Float64Array.from(moments, (each) => each?.first ?? Number.NaN),
    last: Float64Array.from(moments, (each) => each?.last ?? Number.NaN),
    m2: Float64Array.from(moments, (each) => each?.m2 ?? Number.NaN),
  };
  if (!stream.sketch) return field;
  return { ...field, sketch: windows.map(({ accumulators }) => encodedSketch(accumulators[index])) };
}

function encodedSketch(accumulator: WindowAccumulator | undefined): Uint8Array | null {
  return accumulator !== undefined && accumulator.count > 0 ? (accumulator.sketch?.encode() ?? null) : null;
}

function countFinite(values: Float64Array): number {
  let count = 0;
  for (const value of values) if (Number.isFinite(value)) count += 1;
  return count;
}
