import type { Statements } from '../statements.ts';
import { damaged } from './column-bytes.ts';
import { reachOf, reachUs, type Grain } from './limits.ts';
import type { Summary } from './readings.ts';

/** Whose rows, and of which kind. */
export interface Place {
  readonly stream: number;
  readonly grain: Grain;
}

/** A block to be stored. */
export interface NewBlock extends Place, Summary {
  /** Times of the first and the last row (of windows: their starts), µs. */
  readonly start: number;
  readonly last: number;
  readonly rows: number;
  /** The kind of its windows (`10s`); null for readings. */
  readonly window: string | null;
  /** Which rollups hold it: a sum of the bits of `rollupGrains`; 0 before any has looked at it. */
  readonly rolled: number;
  readonly data: Uint8Array;
}

/** A stored block without its rows. */
export interface StoredBlock extends Omit<NewBlock, 'data'> {
  readonly id: number;
  readonly reach: number;
}

const columns = 'stream, grain, reach, start, id, last, rows, readings, window, rolled, sum, min, max, m2';
const byKey = 'stream = ? AND grain = ? AND reach = ? AND start = ? AND id = ?';

/**
 * Blocks and their bytes. Blocks are clustered by (stream, grain, reach, start): what may touch a range is one
 * contiguous read for each reach, however the blocks overlap. The bytes stand in a table of their own, so that
 * looking at blocks does not read them.
 */
export class BlockTable {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  insert(block: NewBlock): void {
    const { lastInsertRowid: id } = this.#statements
      .of('INSERT INTO block_data (data) VALUES (?)')
      .run(block.data);
    const { stream, grain, start, last, rows, readings, window, rolled, sum, min, max, m2 } = block;
    this.#statements.of(`INSERT INTO block (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`).run(
      stream, grain, reachOf(last - start), start, id, last, rows, readings, window, rolled, sum, min, max, m2,
    ); // prettier-ignore
  }

  remove({ stream, grain, reach, start, id }: StoredBlock): void {
    this.#statements.of(`DELETE FROM block WHERE ${byKey}`).run(stream, grain, reach, start, id);
    this.#statements.of('DELETE FROM block_data WHERE id = ?').run(id);
  }

  /** Notes which rollups hold a block. */
  markRolled({ stream, grain, reach, start, id }: StoredBlock, rolled: number): void {
    this.#statements
      .of(`UPDATE block SET rolled = ? WHERE ${byKey}`)
      .run(rolled, stream, grain, reach, start, id);
  }

  /** The rows of a block as bytes. Throws STORE_DAMAGED where they are missing. */
  data({ id }: StoredBlock): Uint8Array {
    const data = this.#statements.of('SELECT data FROM block_data WHERE id = ?').get(id)?.['data'];
    if (data instanceof Uint8Array) return data;
    throw damaged(`the bytes of block ${id} are missing`);
  }

  /** Blocks with rows that may lie in `[fromUs, toUs)`, in order of their starts. */
  touching({ stream, grain }: Place, fromUs: number, toUs: number): StoredBlock[] {
    const found: StoredBlock[] = [];
    const sql = `SELECT ${columns} FROM block
      WHERE stream = ? AND grain = ? AND reach = ? AND start > ? AND start < ? AND last >= ?`;
    for (const reach of this.#reaches(stream, grain)) {
      this.#collect(sql, [stream, grain, reach, fromUs - reachUs(reach), toUs, fromUs], found);
    }
    return found.sort((a, b) => a.start - b.start || a.id - b.id);
  }

  /** Blocks of fewer rows than a whole one, in order of their starts. */
  small({ stream, grain }: Place, rowsBelow: number): StoredBlock[] {
    // The limit stands in the statement: SQLite has to see that the index of small blocks will do.
    const sql = `SELECT ${columns} FROM block WHERE stream = ? AND grain = ? AND rows < ${rowsBelow} ORDER BY start`;
    return this.#collect(sql, [stream, grain], []);
  }

  /** Blocks of at least so many rows that no rollup has looked at; at most `limit`. */
  unrolled({ stream, grain }: Place, rowsAtLeast: number, limit: number): StoredBlock[] {
    const sql = `SELECT ${columns} FROM block
      WHERE stream = ? AND grain = ? AND rolled = 0 AND rows >= ? ORDER BY rows DESC LIMIT ?`;
    return this.#collect(sql, [stream, grain, rowsAtLeast, limit], []);
  }

  /** Blocks whose rows are all older than `beforeUs`; at most `limit`. */
  before({ stream, grain }: Place, beforeUs: number, limit: number): StoredBlock[] {
    const found: StoredBlock[] = [];
    const sql = `SELECT ${columns} FROM block
      WHERE stream = ? AND grain = ? AND reach = ? AND start < ? AND last < ? LIMIT ?`;
    for (const reach of this.#reaches(stream, grain)) {
      this.#collect(sql, [stream, grain, reach, beforeUs, beforeUs, limit - found.length], found);
      if (found.length >= limit) break;
    }
    return found;
  }

  /** The reaches that blocks of this place have: one look-up each. */
  #reaches(stream: number, grain: number): number[] {
    const next = this.#statements.of(
      'SELECT min(reach) AS reach FROM block WHERE stream = ? AND grain = ? AND reach > ?',
    );
    const reaches: number[] = [];
    for (let reach = -1; ;) {
      const found = next.get(stream, grain, reach)?.['reach'];
      if (typeof found !== 'number') return reaches;
      reaches.push(found);
      reach = found;
    }
  }

  #collect(sql: string, parameters: number[], into: StoredBlock[]): StoredBlock[] {
    for (const row of this.#statements.of(sql).iterate(...parameters)) {
      // A STRICT table that `insert` alone fills: each column has the type of its field.
      into.push(row as unknown as StoredBlock);
    }
    return into;
  }
}
