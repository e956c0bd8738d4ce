/** What was measured of a source's sampling: over the last section that is whole, and in total. */
export interface SamplingFigures {
  /** Samples of each channel a second, over the last section; undefined before the first is whole. */
  readonly rateHz: number | undefined;
  /** 99th percentile of |interval - usual interval| in the last section, µs, within 12 %; undefined without times. */
  readonly jitterUsP99: number | undefined;
  /** Sample sets, in total. */
  readonly samples: number;
  /** Sample sets that never came, by counter or times, in total. */
  readonly missed: number;
  /** Values at or beyond a rail, of all channels, in total. */
  readonly saturated: number;
  /** Values that came after their channel had not changed for 10 s, of all channels, in total. */
  readonly stuck: number;
}

/** Length of the sections over which rate and jitter are measured. */
const sectionUs = 10_000_000;
/** A value that has not changed for so long is stuck: noise alone moves the last bit of a live converter. */
const stuckAfterUs = 10_000_000;
/** Longer intervals than this many usual ones mean that samples are missing. */
const missedFrom = 1.5;
/** A longer pause is a clock that was set, and no interval. */
const pauseUs = 3_600_000_000;
/** Jitter is counted in buckets of a sixth of an octave, from 1/8 µs to 2^29 µs. */
const bucketsAnOctave = 6;
const lowestOctave = -3;
const buckets = 32 * bucketsAnOctave;

/**
 * Measures how a source really samples. Works on whole blocks; nothing in it grows with the sampling rate.
 */
export class SamplingGauge {
  readonly #lastValues: Float64Array;
  readonly #changedUs: Float64Array;
  readonly #jitter = new Uint32Array(buckets);
  #usualUs: number | undefined;
  #lastUs: number | undefined;
  readonly #section = { intervals: 0, spanUs: 0 };
  #rateHz: number | undefined;
  #jitterUsP99: number | undefined;
  #samples = 0;
  #missed = 0;
  #saturated = 0;
  #stuck = 0;

  /** `channels`: how many there are. */
  constructor(channels: number) {
    this.#lastValues = new Float64Array(channels).fill(Number.NaN);
    this.#changedUs = new Float64Array(channels);
  }

  /** The interval by which the source says it samples, in µs; without it the usual one is measured. */
  expect(intervalUs: number | undefined): void {
    this.#usualUs = intervalUs;
  }

  /** The source was interrupted: the next sample has no interval. */
  interrupt(): void {
    this.#lastUs = undefined;
    this.#section.intervals = 0;
    this.#section.spanUs = 0;
    this.#jitter.fill(0);
  }

  /** Takes the times of a block (µs UTC, in order), measured ones; tells between which samples are missing. */
  times(t: Float64Array, onMissed?: (fromUs: number, toUs: number) => void): void {
    this.#usualUs ??= medianInterval(t);
    for (let row = 0; row < t.length; row++) {
      const lastUs = this.#lastUs;
      if (this.#interval(t[row]!) > 0 && lastUs !== undefined) onMissed?.(lastUs, t[row]!);
    }
    this.#samples += t.length;
  }

  /** Takes a block whose samples carry a counter: they are evenly spaced, so only rate and misses are known. */
  counted(sets: number, missed: number, lastUs: number): void {
    this.#samples += sets;
    this.#missed += missed;
    if (this.#lastUs !== undefined) this.#extend(lastUs - this.#lastUs, sets);
    this.#lastUs = lastUs;
  }

  /** Takes the values of one channel (any unit), with the rails in the same unit. */
  values(channel: number, t: Float64Array, v: Float64Array, low: number, high: number): void {
    let last = this.#lastValues[channel]!;
    let changedUs = this.#changedUs[channel]!;
    for (let row = 0; row < v.length; row++) {
      const value = v[row]!;
      if (value <= low || value >= high) this.#saturated += 1;
      if (value !== last) {
        last = value;
        changedUs = t[row]!;
      } else if (t[row]! - changedUs >= stuckAfterUs) this.#stuck += 1;
    }
    this.#lastValues[channel] = last;
    this.#changedUs[channel] = changedUs;
  }

  /** What is known so far. */
  figures(): SamplingFigures {
    return {
      rateHz: this.#rateHz,
      jitterUsP99: this.#jitterUsP99,
      samples: this.#samples,
      missed: this.#missed,
      saturated: this.#saturated,
      stuck: this.#stuck,
    };
  }

  /** One sample at `tUs`; answers how many are missing before it. */
  #interval(tUs: number): number {
    const lastUs = this.#lastUs;
    this.#lastUs = tUs;
    const usualUs = this.#usualUs;
    if (lastUs === undefined || usualUs === undefined) {
      return 0;
    }
    const intervalUs = tUs - lastUs;
    if (intervalUs > pauseUs || intervalUs < 0) {
      this.interrupt();
      this.#lastUs = tUs;
      return 0;
    }
    const missing = intervalUs > missedFrom * usualUs ? Math.round(intervalUs / usualUs) - 1 : 0;
    this.#missed += missing;
    if (missing === 0) this.#jitter[bucketOf(Math.abs(intervalUs - usualUs))]! += 1;
    this.#extend(intervalUs, 1);
    return missing;
  }

  #extend(spanUs: number, intervals: number): void {
    const section = this.#section;
    section.intervals += intervals;
    section.spanUs += spanUs;
    if (section.spanUs < sectionUs) return;
    this.#rateHz = (section.intervals * 1e6) / section.spanUs;
    this.#jitterUsP99 = quantileOf(this.#jitter, 0.99);
    section.intervals = 0;
    section.spanUs = 0;
    this.#jitter.fill(0);
  }
}

/** The interval in the middle of all those of a block; undefined for fewer than 8 of them. */
function medianInterval(t: Float64Array): number | undefined {
  if (t.length < 9) return undefined;
  const intervals = Float64Array.from({ length: t.length - 1 }, (_, row) => t[row + 1]! - t[row]!).sort();
  const middle = intervals[intervals.length >> 1]!;
  return middle > 0 ? middle : undefined;
}

function bucketOf(us: number): number {
  const place = us > 0 ? Math.ceil((Math.log2(us) - lowestOctave) * bucketsAnOctave) : 0;
  return Math.min(buckets - 1, Math.max(0, place));
}

/** The upper edge of the bucket in which the quantile lies, µs. */
function quantileOf(counts: Uint32Array, quantile: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let left = Math.ceil(total * quantile);
  const place = counts.findIndex((count) => (left -= count) <= 0);
  return 2 ** (place / bucketsAnOctave + lowestOctave);
}
