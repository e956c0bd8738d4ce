import type { LiveMessage, LiveReadings, LiveStreams, LiveWindows } from '../schema/api/live.ts';
import type { LiveFrame } from './live-frame.ts';

/** What a viewer knows of a number in binary frames. */
interface Named {
  readonly stream: string;
  readonly unit: string;
  readonly window: string | null;
}

/** Streams remembered; a gateway gives out no more numbers. */
export const liveNumbersMax = 200_000;

/** The names behind the numbers of one session's binary frames, and frames made into messages by them. */
export class LiveTable {
  readonly #named = new Map<number, Named>();

  /** Takes the numbers that a `streams` message tells. */
  learn({ ids }: Pick<LiveStreams, 'ids'>): void {
    for (const [id, stream, unit, window] of ids) {
      if (this.#named.size < liveNumbersMax || this.#named.has(id))
        this.#named.set(id, { stream, unit, window });
    }
  }

  /** Forgets everything: another session has begun. */
  clear(): void {
    this.#named.clear();
  }

  /** The `delta` message that a frame stands for. Numbers that were never told are left out. */
  message({ seq, readings, windows, gaps }: LiveFrame): Extract<LiveMessage, { type: 'delta' }> {
    return {
      type: 'delta',
      seq,
      readings: this.#parts(readings.ids, readings.counts, ({ stream, unit }, rows): LiveReadings => ({
        stream,
        unit,
        t: rows(readings.t),
        v: rows(readings.v),
      })),
      windows: this.#parts(windows.ids, windows.counts, ({ stream, unit, window }, rows): LiveWindows => ({
        stream,
        unit,
        window: window ?? '',
        start: rows(windows.start),
        end: rows(windows.end),
        count: rows(windows.count),
        mean: rows(windows.mean),
        min: rows(windows.min),
        max: rows(windows.max),
      })),
      gaps: [...gaps],
    };
  }

  #parts<Part>(
    ids: Float64Array,
    counts: Float64Array,
    make: (named: Named, rows: (column: Float64Array) => number[]) => Part,
  ): Part[] {
    const parts: Part[] = [];
    let from = 0;
    for (const [index, id] of ids.entries()) {
      const begin = from;
      from += counts[index] ?? 0;
      const end = from;
      const named = this.#named.get(id);
      if (named) parts.push(make(named, (column) => Array.from(column.subarray(begin, end))));
    }
    return parts;
  }
}
