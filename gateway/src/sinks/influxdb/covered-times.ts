/** An interval of times that readings of one stream lie in, both ends included: [fromUs, toUs]. */
export type Interval = readonly [fromUs: number, toUs: number];

/** Intervals kept a stream; beyond it the two with the least between them become one. */
export const intervalsMax = 32;

/**
 * Which times of one stream may hold a point already. In order of time, disjoint. A function of the batches
 * in journal order alone, so that a replay comes to the same.
 */
export class CoveredTimes {
  readonly #from = new Float64Array(intervalsMax + 1);
  readonly #to = new Float64Array(intervalsMax + 1);
  #count = 0;

  constructor(intervals: readonly Interval[] = []) {
    for (const [from, to] of intervals.slice(-intervalsMax)) this.#append(from, to);
  }

  /** Another one with the same intervals. */
  copy(): CoveredTimes {
    const other = new CoveredTimes();
    other.#from.set(this.#from);
    other.#to.set(this.#to);
    other.#count = this.#count;
    return other;
  }

  get intervals(): readonly Interval[] {
    return Array.from({ length: this.#count }, (_, index) => [this.#from[index]!, this.#to[index]!] as const);
  }

  /** The newest time covered; nothing after it is. */
  get newestUs(): number {
    return this.#count === 0 ? Number.NEGATIVE_INFINITY : this.#to[this.#count - 1]!;
  }

  covers(timeUs: number): boolean {
    for (let index = 0; index < this.#count; index++) {
      if (this.#from[index]! <= timeUs && timeUs <= this.#to[index]!) return true;
    }
    return false;
  }

  /** Adds `[fromUs, toUs]`, joined with what it overlaps. */
  add(fromUs: number, toUs: number): void {
    // Readings nearly always come in order of time.
    if (fromUs > this.newestUs) this.#append(fromUs, toUs);
    else this.#insert(fromUs, toUs);
    if (this.#count > intervalsMax) this.#joinNearest();
  }

  #append(fromUs: number, toUs: number): void {
    this.#from[this.#count] = fromUs;
    this.#to[this.#count] = toUs;
    this.#count += 1;
  }

  /** Places it before the first interval that ends behind its start, in the place of those it overlaps. */
  #insert(fromUs: number, toUs: number): void {
    let first = 0;
    while (first < this.#count && this.#to[first]! < fromUs) first += 1;
    let behind = first;
    while (behind < this.#count && this.#from[behind]! <= toUs) behind += 1;
    const from = behind > first ? Math.min(fromUs, this.#from[first]!) : fromUs;
    const to = behind > first ? Math.max(toUs, this.#to[behind - 1]!) : toUs;
    this.#move(behind, first + 1);
    this.#from[first] = from;
    this.#to[first] = to;
  }

  /** The wide spaces stay: an outage, whose backlog is still to come, is not taken for covered. */
  #joinNearest(): void {
    let nearest = 1;
    let least = Infinity;
    for (let index = 1; index < this.#count; index++) {
      const space = this.#from[index]! - this.#to[index - 1]!;
      if (space < least) {
        least = space;
        nearest = index;
      }
    }
    this.#to[nearest - 1] = this.#to[nearest]!;
    this.#move(nearest + 1, nearest);
  }

  /** Moves the intervals from place `from` on to place `to`. */
  #move(from: number, to: number): void {
    this.#from.copyWithin(to, from, this.#count);
    this.#to.copyWithin(to, from, this.#count);
    this.#count += to - from;
  }
}
