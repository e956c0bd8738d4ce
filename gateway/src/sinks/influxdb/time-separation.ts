import { createHash } from 'node:crypto';
import { CoveredTimes, type Interval } from './covered-times.ts';

/** The tag that separates points of one series and time. */
export const separationTag = 'dup';

/** Names one block of one batch: the source of its separating tags. */
export interface BlockIdentity {
  readonly epoch: string;
  readonly seq: number;
  /** Place of the block in the batch. */
  readonly block: number;
}

/**
 * Separates readings of one stream and time, which InfluxDB would let overwrite each other. The first point
 * of a time carries no tag. Another one carries `dup`: within a block its number (`2`, `3`, …), across
 * blocks a digest of (epoch, seq, block). Both follow from the batches and their order in the journal, so
 * a retry or a replay writes the same points again.
 *
 * Readings nearly always come in order of time: then this costs one comparison a block and no tag.
 */
export class TimeSeparation {
  readonly #streams: Map<string, CoveredTimes>;
  /** Changes since `begin`, kept apart until the points are stored. A new map each time: see decision 0034. */
  #draft = new Map<string, CoveredTimes>();

  constructor(state: Readonly<Record<string, readonly Interval[]>> = {}) {
    this.#streams = new Map(
      Object.entries(state).map(([key, intervals]) => [key, new CoveredTimes(intervals)]),
    );
  }

  /** Forgets changes that were not kept: the same entries are written again. */
  begin(): void {
    this.#draft = new Map();
  }

  /** Keeps the changes: the points are stored. */
  keep(): void {
    for (const [key, covered] of this.#draft) this.#streams.set(key, covered);
    this.#draft = new Map();
  }

  /** All that is known, for the state file. */
  state(): Record<string, readonly Interval[]> {
    return Object.fromEntries([...this.#streams].map(([key, covered]) => [key, covered.intervals]));
  }

  /**
   * The tags of a block's points in stream `key`, and notes their times: undefined where none needs one, else
   * by index; empty for none. `present` says which points exist.
   */
  tags(
    key: string,
    times: Float64Array,
    present: (index: number) => boolean,
    identity: BlockIdentity,
  ): readonly string[] | undefined {
    const covered = this.#covered(key);
    const { rising, first, last } = shapeOf(times, present);
    if (first === undefined || last === undefined) return undefined;
    if (rising && first > covered.newestUs) {
      covered.add(first, last);
      return undefined;
    }
    return this.#separate(covered, times, present, identity);
  }

  /** The same for the readings of one quantity: NaN is absence. */
  readingTags(
    key: string,
    times: Float64Array,
    values: Float64Array,
    identity: BlockIdentity,
  ): readonly string[] | undefined {
    if (times.length === 1 && !Number.isNaN(values[0]) && this.isNext(key, times[0]!)) return undefined;
    return this.tags(key, times, (index) => !Number.isNaN(values[index]!), identity);
  }

  /** Whether the one point at this time lies behind all others of its stream: then it is noted, and needs no tag. */
  isNext(key: string, timeUs: number): boolean {
    const covered = this.#covered(key);
    if (timeUs <= covered.newestUs) return false;
    covered.add(timeUs, timeUs);
    return true;
  }

  #separate(
    covered: CoveredTimes,
    times: Float64Array,
    present: (index: number) => boolean,
    identity: BlockIdentity,
  ): readonly string[] {
    const seen = new Map<number, number>();
    let digest: string | undefined;
    let first = Number.POSITIVE_INFINITY;
    let last = Number.NEGATIVE_INFINITY;
    const tags = Array.from(times, (timeUs, index) => {
      if (!present(index)) return '';
      const number = (seen.get(timeUs) ?? 0) + 1;
      seen.set(timeUs, number);
      first = Math.min(first, timeUs);
      last = Math.max(last, timeUs);
      if (!covered.covers(timeUs)) return number === 1 ? '' : String(number);
      digest ??= digestOf(identity);
      return number === 1 ? digest : `${digest}-${number}`;
    });
    covered.add(first, last);
    return tags;
  }

  #covered(key: string): CoveredTimes {
    const drafted = this.#draft.get(key);
    if (drafted) return drafted;
    const covered = this.#streams.get(key)?.copy() ?? new CoveredTimes();
    this.#draft.set(key, covered);
    return covered;
  }
}

function shapeOf(
  times: Float64Array,
  present: (index: number) => boolean,
): { rising: boolean; first: number | undefined; last: number | undefined } {
  let first: number | undefined;
  let last: number | undefined;
  let rising = true;
  for (let index = 0; index < times.length; index++) {
    if (!present(index)) continue;
    const timeUs = times[index]!;
    if (last !== undefined && timeUs <= last) rising = false;
    first ??= timeUs;
    last = timeUs;
  }
  return { rising, first, last };
}

function digestOf({ epoch, seq, block }: BlockIdentity): string {
  return createHash('sha256').update(`${epoch} ${seq} ${block}`).digest('hex').slice(0, 12);
}
