import type { StatementSync } from 'node:sqlite';
import { joinWindows } from '../blocks/join-rows.ts';
import { sliceWindows } from '../blocks/block-writer.ts';
import {
  decodeMoments,
  decodeWindows,
  encodeWindows,
  type WindowMoments,
  type WindowRows,
} from '../blocks/windows.ts';
import type { Statements } from '../statements.ts';
import { coarsen } from './coarsen.ts';
import type { RollupGrain } from './grains.ts';

/** The tables of the rollups: version 3 of the schema. `retired`: rows of this kind before this time were removed. */
export const rollupSchema = `
  CREATE TABLE rollup (
    id INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL, length INTEGER NOT NULL, chunk INTEGER NOT NULL,
    rows INTEGER NOT NULL, data BLOB NOT NULL,
    UNIQUE (stream, length, chunk)
  ) STRICT;
  CREATE TABLE retired (kind TEXT PRIMARY KEY, before_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;`;

/** The windows of the rollups, a chunk a row. */
export class RollupTable {
  readonly #find: StatementSync;
  readonly #put: StatementSync;
  readonly #touching: StatementSync;
  readonly #removeBefore: StatementSync;

  constructor(statements: Statements) {
    this.#find = statements.of('SELECT rows, data FROM rollup WHERE stream = ? AND length = ? AND chunk = ?');
    this.#put = statements.of(
      `INSERT INTO rollup (stream, length, chunk, rows, data) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (stream, length, chunk) DO UPDATE SET rows = excluded.rows, data = excluded.data`,
    );
    this.#touching = statements.of(
      'SELECT rows, data FROM rollup WHERE stream = ? AND length = ? AND chunk > ? AND chunk < ? ORDER BY chunk',
    );
    this.#removeBefore = statements.of('DELETE FROM rollup WHERE length = ? AND chunk <= ?');
  }

  /** Merges windows of this length, in order of their starts, with those that are there. */
  add(stream: number, { lengthUs, chunkUs }: RollupGrain, windows: WindowRows): void {
    const { start } = windows;
    for (let from = 0; from < start.length;) {
      const chunk = Math.floor(start[from]! / chunkUs) * chunkUs;
      let to = from + 1;
      while (to < start.length && start[to]! < chunk + chunkUs) to += 1;
      const fresh = sliceWindows(windows, from, to);
      const stored = this.#chunk(this.#find.get(stream, lengthUs, chunk));
      const whole = stored ? coarsen(joinWindows([stored, fresh]), lengthUs) : fresh;
      this.#put.run(stream, lengthUs, chunk, whole.start.length, encodeWindows(whole));
      from = to;
    }
  }

  /** Shows the chunks that may hold windows of `[fromUs, toUs)`. Throws STORE_DAMAGED. */
  *touching(
    stream: number,
    { lengthUs, chunkUs }: RollupGrain,
    { fromUs, toUs, withSketches }: { fromUs: number; toUs: number; withSketches: boolean },
  ): Generator<WindowMoments> {
    for (const row of this.#touching.iterate(stream, lengthUs, fromUs - chunkUs, toUs)) {
      const { rows, data } = row;
      if (data instanceof Uint8Array) yield decodeMoments(data, Number(rows), withSketches);
    }
  }

  /** Removes the chunks that end at or before `beforeUs`. */
  removeBefore({ lengthUs, chunkUs }: RollupGrain, beforeUs: number): void {
    this.#removeBefore.run(lengthUs, beforeUs - chunkUs);
  }

  #chunk(row: Record<string, unknown> | undefined): WindowRows | undefined {
    const data = row?.['data'];
    return data instanceof Uint8Array ? decodeWindows(data, Number(row?.['rows'])) : undefined;
  }
}
