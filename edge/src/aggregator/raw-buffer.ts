import type { ReadingsField } from '@fieldline/protocol';
import type { Columns } from '../drivers/driver.ts';

/** One stream whose readings travel as they are. */
export interface RawStream {
  /** Which column of the driver's blocks it is. */
  readonly column: number;
  readonly quantity: string;
  readonly unit: string;
  /** Counts a reading that found no place. */
  lose(reason: string, count: number): void;
}

/** The rows that one sensor may have waiting; a row costs 8 bytes a column. */
export const pendingRowsMax = 200_000;

const firstCapacity = 64;

/** Readings of one sensor that wait to be sealed: columns that grow, no object a reading. */
export class RawBuffer {
  readonly #streams: readonly RawStream[];
  /** A quality a value; only of streams that have had one other than good. */
  readonly #qualities: (Uint8Array | undefined)[];
  #t = new Float64Array(firstCapacity);
  #values: Float64Array[];
  #rows = 0;

  constructor(streams: readonly RawStream[]) {
    this.#streams = streams;
    this.#values = streams.map(() => new Float64Array(firstCapacity));
    this.#qualities = streams.map(() => undefined);
  }

  get rows(): number {
    return this.#rows;
  }

  /**
   * Appends the rows of a block that hold at least one value. NaN stands for a dropped or absent value.
   * `qualities`: a code a row, for each column that has any.
   */
  append(t: Float64Array, columns: Columns, qualities: readonly (Uint8Array | undefined)[] = []): void {
    if (this.#streams.length === 0) return;
    this.#reserve(Math.min(this.#rows + t.length, pendingRowsMax));
    for (let row = 0; row < t.length; row++) this.#appendRow(t[row]!, row, columns, qualities);
  }

  /** Removes and returns the oldest rows, at most `maxRows`; undefined where there is none. */
  take(maxRows: number): { t: Float64Array; fields: Record<string, ReadingsField> } | undefined {
    const rows = Math.min(this.#rows, maxRows);
    if (rows === 0) return undefined;
    const t = this.#t.slice(0, rows);
    const fields: Record<string, ReadingsField> = {};
    this.#streams.forEach(({ quantity, unit }, index) => {
      const v = this.#values[index]!.slice(0, rows);
      if (!v.some((value) => !Number.isNaN(value))) return;
      const q = this.#qualities[index]?.slice(0, rows);
      fields[quantity] = { unit, v, ...(q?.some((code) => code > 0) ? { q } : {}) };
    });
    this.#removeFirst(rows);
    return { t, fields };
  }

  /** Values of one of the driver's columns that wait. */
  countWaiting(column: number): number {
    const values = this.#values[this.#streams.findIndex((stream) => stream.column === column)];
    let count = 0;
    for (let row = 0; row < this.#rows; row++) if (!Number.isNaN(values?.[row] ?? Number.NaN)) count += 1;
    return count;
  }

  #appendRow(t: number, row: number, columns: Columns, qualities: readonly (Uint8Array | undefined)[]): void {
    const full = this.#rows >= pendingRowsMax;
    let present = false;
    for (let index = 0; index < this.#streams.length; index++) {
      const stream = this.#streams[index]!;
      const value = columns[stream.column]?.[row] ?? Number.NaN;
      if (!full) this.#values[index]![this.#rows] = value;
      if (value !== value) continue;
      present = true;
      const quality = qualities[stream.column]?.[row] ?? 0;
      if (quality > 0 && !full) this.#noteQuality(index, quality);
      if (full) stream.lose('memory-full', 1);
    }
    if (full || !present) return;
    this.#t[this.#rows] = t;
    this.#rows += 1;
  }

  #noteQuality(index: number, quality: number): void {
    const codes = (this.#qualities[index] ??= new Uint8Array(this.#t.length));
    codes[this.#rows] = quality;
  }

  #reserve(rows: number): void {
    if (rows <= this.#t.length) return;
    const capacity = Math.max(rows, this.#t.length * 2);
    this.#t = grown(this.#t, capacity);
    this.#values = this.#values.map((column) => grown(column, capacity));
    this.#resizeQualities(0, capacity);
  }

  #removeFirst(rows: number): void {
    const left = this.#rows - rows;
    const capacity = Math.max(firstCapacity, left);
    this.#t = grown(this.#t.subarray(rows, this.#rows), capacity);
    this.#values = this.#values.map((column) => grown(column.subarray(rows, this.#rows), capacity));
    this.#resizeQualities(rows, capacity);
    this.#rows = left;
  }

  /** Keeps the codes from a row on, in columns of another capacity; all that is not yet a row is good. */
  #resizeQualities(from: number, capacity: number): void {
    this.#qualities.forEach((codes, index) => {
      if (codes === undefined) return;
      const resized = new Uint8Array(capacity);
      resized.set(codes.subarray(from, this.#rows));
      this.#qualities[index] = resized.some((code) => code > 0) ? resized : undefined;
    });
  }
}

function grown(column: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(capacity);
  larger.set(column);
  return larger;
}
