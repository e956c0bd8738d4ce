import type { Columns } from '../drivers/driver.ts';

/** Memory that the recordings of all sensors together may take, in bytes. */
export const recordedBytesMax = 4 * 1024 * 1024;
/** Memory that the recording of one sensor may take, in bytes. */
export const recordedSensorBytesMax = 512 * 1024;
/** Readings older than this are not replayed, in microseconds. */
export const recordedAgeUsMax = 300_000_000;

const firstRows = 64;

/** A recording as it was: times (µs UTC) and one column a quantity, NaN where there was none. */
export interface Recording {
  readonly quantities: readonly string[];
  readonly t: Float64Array;
  readonly columns: readonly Float64Array[];
}

/**
 * The last minutes of what one driver yielded, before any transform: what a new configuration is tried on. A
 * ring of columns, bounded in bytes and in age; no object a reading.
 */
export class RecentReadings {
  readonly #quantities: readonly string[];
  readonly #rowsMax: number;
  #t = new Float64Array(0);
  #columns: Float64Array[];
  /** Rows written since the start; the newest stand at `(written - 1) % capacity`. */
  #written = 0;

  constructor(quantities: readonly string[], sizeBytesMax: number) {
    this.#quantities = quantities;
    this.#rowsMax = Math.max(1, Math.floor(sizeBytesMax / (8 * (quantities.length + 1))));
    this.#columns = quantities.map(() => new Float64Array(0));
  }

  /** Keeps a block; the oldest rows make room. */
  append(t: Float64Array, columns: Columns): void {
    const from = Math.max(0, t.length - this.#rowsMax);
    const rows = t.length - from;
    this.#reserve(rows);
    const at = this.#written % this.#t.length;
    const first = Math.min(rows, this.#t.length - at);
    writeWrapped(this.#t, at, first, t, from);
    for (let index = 0; index < this.#columns.length; index++) {
      const own = this.#columns[index]!;
      const values = columns[index];
      if (values !== undefined) writeWrapped(own, at, first, values, from);
      else fillWrapped(own, at, first, rows);
    }
    this.#written += rows;
  }

  /** A copy of what is younger than `recordedAgeUsMax` at `nowUs`, in the order of arrival. */
  recording(nowUs: number): Recording {
    const capacity = this.#t.length;
    const rows = Math.min(this.#written, capacity);
    const oldest = capacity === 0 ? 0 : (this.#written - rows) % capacity;
    const t = unwrapped(this.#t, oldest, rows);
    let skip = 0;
    while (skip < rows && t[skip]! < nowUs - recordedAgeUsMax) skip += 1;
    const columns = this.#columns.map((column) => unwrapped(column, oldest, rows).subarray(skip));
    return { quantities: this.#quantities, t: t.subarray(skip), columns };
  }

  /** Grows by doubling until the limit; only a ring that has never wrapped grows. */
  #reserve(rows: number): void {
    const wanted = this.#written + rows;
    if (wanted <= this.#t.length || this.#t.length === this.#rowsMax) return;
    const capacity = Math.min(this.#rowsMax, Math.max(firstRows, 2 * this.#t.length, wanted));
    this.#t = grown(this.#t, capacity);
    this.#columns = this.#columns.map((column) => grown(column, capacity));
  }
}

function writeWrapped(to: Float64Array, at: number, first: number, from: Float64Array, skip: number): void {
  to.set(from.subarray(skip, skip + first), at);
  if (skip + first < from.length) to.set(from.subarray(skip + first), 0);
}

function fillWrapped(to: Float64Array, at: number, first: number, rows: number): void {
  to.fill(Number.NaN, at, at + first);
  to.fill(Number.NaN, 0, rows - first);
}

function unwrapped(column: Float64Array, oldest: number, rows: number): Float64Array {
  const copy = new Float64Array(rows);
  const first = Math.min(rows, column.length - oldest);
  copy.set(column.subarray(oldest, oldest + first));
  copy.set(column.subarray(0, rows - first), first);
  return copy;
}

function grown(column: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(capacity);
  larger.set(column);
  return larger;
}
