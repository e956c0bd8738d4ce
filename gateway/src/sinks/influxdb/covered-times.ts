/** An interval of times that readings of one stream lie in, both ends included: [fromUs, toUs]. */
export type Interval = readonly [fromUs: number, toUs: number];

/** Intervals kept a stream; beyond it the two with the least between them become one. */
export const intervalsMax = 32;

/**
 * Which times of one stream may hold a point already. In order of time, disjoint. A function of the batches
 * in journal order alone, so that a replay comes to the same.
 */
export class CoveredTimes {
  readonly #intervals: Interval[];

  constructor(intervals: readonly Interval[] = []) {
    this.#intervals = [...intervals];
  }

  get intervals(): readonly Interval[] {
    return this.#intervals;
  }

  /** The newest time covered; nothing after it is. */
  get newestUs(): number {
    return this.#intervals.at(-1)?.[1] ?? Number.NEGATIVE_INFINITY;
  }

  covers(timeUs: number): boolean {
    return this.#intervals.some(([from, to]) => from <= timeUs && timeUs <= to);
  }

  /** Adds `[fromUs, toUs]`, joined with what it overlaps. */
  add(fromUs: number, toUs: number): void {
    const apart = this.#intervals.filter(([from, to]) => to < fromUs || from > toUs);
    const joined = this.#intervals.filter(([from, to]) => to >= fromUs && from <= toUs);
    const from = Math.min(fromUs, ...joined.map((interval) => interval[0]));
    const to = Math.max(toUs, ...joined.map((interval) => interval[1]));
    const after = apart.findIndex((interval) => interval[0] > to);
    apart.splice(after < 0 ? apart.length : after, 0, [from, to]);
    this.#intervals.splice(0, this.#intervals.length, ...apart);
    if (this.#intervals.length > intervalsMax) this.#joinNearest();
  }

  /** The wide spaces stay: an outage, whose backlog is still to come, is not taken for covered. */
  #joinNearest(): void {
    let nearest = 1;
    const space = (index: number): number => this.#intervals[index]![0] - this.#intervals[index - 1]![1];
    for (let index = 2; index < this.#intervals.length; index++) {
      if (space(index) < space(nearest)) nearest = index;
    }
    const joined: Interval = [this.#intervals[nearest - 1]![0], this.#intervals[nearest]![1]];
    this.#intervals.splice(nearest - 1, 2, joined);
  }
}
