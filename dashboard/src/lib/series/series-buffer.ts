/**
 * The points of one stream on this screen, oldest first, as columns of equal length. A point stands for
 * `count` readings in `[startUs, endUs]`; a raw reading has `startUs === endUs`, `count === 1` and
 * `min === mean === max`.
 */
export interface Columns {
  readonly length: number;
  readonly startUs: Float64Array;
  readonly endUs: Float64Array;
  readonly count: Float64Array;
  readonly mean: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/** One point, as it enters a buffer; times in µs, values in the stream's unit. */
export interface Point {
  readonly startUs: number;
  readonly endUs: number;
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** Points a buffer holds unless told otherwise: four a pixel of a wide screen. */
export const defaultCapacityPoints = 8192;

/**
 * A bounded, append-only series. When it is full, neighbouring pairs of its older half are merged: the
 * memory stays constant, no reading's minimum or maximum is lost, and only old points get coarser.
 */
export class SeriesBuffer implements Columns {
  length = 0;
  readonly capacity: number;
  readonly startUs: Float64Array;
  readonly endUs: Float64Array;
  readonly count: Float64Array;
  readonly mean: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  /** Raised with every change: lets a drawing know whether it is still right. */
  revision = 0;

  constructor(capacity = defaultCapacityPoints) {
    this.capacity = capacity;
    this.startUs = new Float64Array(capacity);
    this.endUs = new Float64Array(capacity);
    this.count = new Float64Array(capacity);
    this.mean = new Float64Array(capacity);
    this.min = new Float64Array(capacity);
    this.max = new Float64Array(capacity);
  }

  /** Appends a point; false, and nothing changed, where it lies before the newest one or holds no number. */
  push(point: Point): boolean {
    if (!Number.isFinite(point.mean) || point.count <= 0) return false;
    if (this.length > 0 && point.startUs < (this.startUs[this.length - 1] ?? 0)) return false;
    if (this.length === this.capacity) this.#coarsenOlderHalf();
    this.#write(this.length, point);
    this.length += 1;
    this.revision += 1;
    return true;
  }

  /** Forgets everything. */
  clear(): void {
    this.length = 0;
    this.revision += 1;
  }

  /** The point at `index`; undefined outside. */
  at(index: number): Point | undefined {
    if (index < 0 || index >= this.length) return undefined;
    return {
      startUs: this.startUs[index]!,
      endUs: this.endUs[index]!,
      count: this.count[index]!,
      mean: this.mean[index]!,
      min: this.min[index]!,
      max: this.max[index]!,
    };
  }

  #write(index: number, point: Point): void {
    this.startUs[index] = point.startUs;
    this.endUs[index] = point.endUs;
    this.count[index] = point.count;
    this.mean[index] = point.mean;
    this.min[index] = point.min;
    this.max[index] = point.max;
  }

  #coarsenOlderHalf(): void {
    const half = this.length >> 1;
    let to = 0;
    for (let from = 0; from + 1 < half; from += 2, to += 1) this.#mergePair(from, to);
    const restFrom = half & ~1;
    for (const column of [this.startUs, this.endUs, this.count, this.mean, this.min, this.max]) {
      column.copyWithin(to, restFrom, this.length);
    }
    this.length = to + this.length - restFrom;
  }

  #mergePair(from: number, to: number): void {
    const count = this.count[from]! + this.count[from + 1]!;
    const mean =
      (this.mean[from]! * this.count[from]! + this.mean[from + 1]! * this.count[from + 1]!) / count;
    this.#write(to, {
      startUs: this.startUs[from]!,
      endUs: this.endUs[from + 1]!,
      count,
      mean,
      min: Math.min(this.min[from]!, this.min[from + 1]!),
      max: Math.max(this.max[from]!, this.max[from + 1]!),
    });
  }
}

/** The first index whose point starts at or after `timeUs` (the length where there is none). */
export function lowerBound(columns: Columns, timeUs: number): number {
  let low = 0;
  let high = columns.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (columns.startUs[middle]! < timeUs) low = middle + 1;
    else high = middle;
  }
  return low;
}
