import type { LiveGap } from '@fieldline/protocol';
import { rowWidth, type Frame } from './frame.ts';
import type { OrderedRows } from './frame-rows.ts';
import type { LiveEntry } from './live-entries.ts';

/** In place of a row. */
const none = -1;

/** The newest row of each stream by its time, and the frame that last held something of it: by number of the stream. */
export class NewestRows {
  #seqs = new Float64Array(0);
  /** As wide as the widest row; the first one is the time. */
  #columns = Array.from({ length: rowWidth.windows }, () => new Float64Array(0));
  /** Rows of the frame that is being taken, by part. */
  #chosen = new Int32Array(0);

  /** Takes the rows of frame `seq`. */
  take(seq: number, { ids, counts, columns }: OrderedRows): void {
    const highest = ids.at(-1) ?? -1;
    if (highest >= this.#seqs.length) this.#grow(highest);
    if (ids.length > this.#chosen.length) this.#chosen = new Int32Array(2 * ids.length);
    this.#choose(ids, counts, columns[0]!);
    const chosen = this.#chosen;
    for (let column = 0; column < columns.length; column++) {
      const from = columns[column]!;
      const to = this.#columns[column]!;
      for (let part = 0; part < ids.length; part++) {
        const row = chosen[part]!;
        if (row >= 0) to[ids[part]!] = from[row]!;
      }
    }
    const seqs = this.#seqs;
    for (let part = 0; part < ids.length; part++) seqs[ids[part]!] = seq;
  }

  /** Finds the newest row of each part; none, if that of an earlier frame is newer. Of equal times the later row is it. */
  #choose(ids: Float64Array, counts: Float64Array, times: Float64Array): void {
    const chosen = this.#chosen;
    const newest = this.#columns[0]!;
    let row = 0;
    for (let part = 0; part < ids.length; part++) {
      let timeUs = newest[ids[part]!]!;
      chosen[part] = none;
      for (const end = row + counts[part]!; row < end; row++) {
        if (times[row]! < timeUs) continue;
        timeUs = times[row]!;
        chosen[part] = row;
      }
    }
  }

  /** The newest rows of those of `entries` that changed after frame `after`, as a frame. */
  changed(
    entries: readonly LiveEntry[],
    { after, seq, gaps }: { after: number; seq: number; gaps: readonly LiveGap[] },
  ): Frame {
    const changed = entries.filter(({ id }) => (this.#seqs[id] ?? 0) > after);
    const readings = changed.filter(({ window }) => window === null);
    const windows = changed.filter(({ window }) => window !== null);
    return {
      seq,
      readings: this.#rows(readings, rowWidth.readings),
      windows: this.#rows(windows, rowWidth.windows),
      gaps,
    };
  }

  #rows(entries: readonly LiveEntry[], width: number): OrderedRows {
    return {
      ids: Float64Array.from(entries, ({ id }) => id),
      counts: new Float64Array(entries.length).fill(1),
      columns: this.#columns
        .slice(0, width)
        .map((column) => Float64Array.from(entries, ({ id }) => column[id]!)),
    };
  }

  #grow(id: number): void {
    const length = Math.max(1024, 2 * id);
    const larger = (column: Float64Array): Float64Array<ArrayBuffer> => {
      const made = new Float64Array(length).fill(Number.NEGATIVE_INFINITY);
      made.set(column);
      return made;
    };
    this.#seqs = larger(this.#seqs);
    this.#columns = this.#columns.map(larger);
  }
}
