import { WindowAccumulator } from '@fieldline/protocol/aggregate';
import type { ReadingLine } from './reading-line.ts';

/** What can be made of the readings of a window. */
export const lineStatistics = [
  'count',
  'mean',
  'min',
  'max',
  'first',
  'last',
  'stddev',
  'p50',
  'p95',
  'p99',
] as const;
/** One of them. */
export type LineStatistic = (typeof lineStatistics)[number];

/** Streams and windows that may be open at once: more means that the times make no sense. */
export const openWindowsMax = 10_000;

interface Open {
  readonly startUs: number;
  readonly line: ReadingLine;
  readonly accumulator: WindowAccumulator;
}

/**
 * Aggregates lines into windows by their own times, `[k·length, (k+1)·length)`: for input in any order that ends.
 * Each statistic becomes a line of its own, `temperature_mean` at the start of its window, so that what comes
 * out can go through the same filters again.
 */
export class LineAggregator {
  readonly #lengthUs: number;
  readonly #statistics: readonly LineStatistic[];
  readonly #open = new Map<string, Open>();

  constructor(lengthUs: number, statistics: readonly LineStatistic[]) {
    this.#lengthUs = lengthUs;
    this.#statistics = statistics;
  }

  /** Takes a reading; answers false where there is no room for another window. */
  add(line: ReadingLine): boolean {
    const startUs = Math.floor(line.t / this.#lengthUs) * this.#lengthUs;
    const key = `${line.sensor}/${line.quantity}@${startUs}`;
    let open = this.#open.get(key);
    if (open === undefined) {
      if (this.#open.size >= openWindowsMax) return false;
      open = { startUs, line, accumulator: new WindowAccumulator({ sketch: true }) };
      this.#open.set(key, open);
    }
    open.accumulator.record(line.v, line.t);
    return true;
  }

  /** The lines of all windows, by time. */
  finish(): ReadingLine[] {
    const windows = [...this.#open.values()].sort((a, b) => a.startUs - b.startUs);
    this.#open.clear();
    return windows.flatMap((open) => this.#statistics.map((statistic) => toLine(open, statistic)));
  }
}

function toLine({ startUs, line, accumulator }: Open, statistic: LineStatistic): ReadingLine {
  const { sensor, quantity, unit } = line;
  const name = `${quantity}_${statistic}`;
  const v = valueOf(accumulator, statistic);
  return { t: startUs, sensor, quantity: name, unit: statistic === 'count' ? 'count' : unit, v };
}

function valueOf({ moments, sketch }: WindowAccumulator, statistic: LineStatistic): number {
  const { count, sum, min, max, first, last, m2 } = moments;
  switch (statistic) {
    case 'count':
      return count;
    case 'mean':
      return sum / count;
    case 'min':
      return min;
    case 'max':
      return max;
    case 'first':
      return first;
    case 'last':
      return last;
    case 'stddev':
      // Of the readings themselves, as the gateway's queries give it: divided by their number.
      return Math.sqrt(m2 / count);
    default:
      return sketch?.quantile(Number(statistic.slice(1)) / 100) ?? Number.NaN;
  }
}
