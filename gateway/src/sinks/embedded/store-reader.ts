import type { DatabaseSync } from 'node:sqlite';
import { FieldlineError, refused, type Result, type StreamInfo, type StreamName } from '@fieldline/protocol';
import { answerPageFrom, answerSeriesFrom, type SourceOf } from '../../query/answer-query.ts';
import {
  queryLimits,
  type PageAnswer,
  type PageRequest,
  type SeriesAnswer,
  type SeriesRequest,
} from '../../query/store.ts';
import { BlockSource, type StoreTables } from './block-source.ts';
import { BlockTable } from './blocks/block-table.ts';
import { openDatabase } from './open-database.ts';
import { RollupTable } from './rollups/rollup-table.ts';
import { Statements } from './statements.ts';
import { StreamTable } from './stream-table.ts';

/** A reading side of the store, in a thread of its own: one read-only connection, one snapshot a question. */
export class StoreReader {
  readonly #database: DatabaseSync;
  readonly #tables: StoreTables;
  readonly #nowMs: () => number;

  /** Throws STORE_UNREADABLE. `nowMs`: a monotonic clock. */
  constructor(path: string, nowMs: () => number) {
    this.#database = openDatabase(path, 'reader');
    const statements = new Statements(this.#database);
    this.#tables = { statements, blocks: new BlockTable(statements), rollups: new RollupTable(statements) };
    this.#nowMs = nowMs;
  }

  query(request: SeriesRequest): Promise<Result<SeriesAnswer>> {
    return this.#answer(() => answerSeriesFrom(request, this.#sourceOf));
  }

  page(request: PageRequest): Promise<Result<PageAnswer>> {
    return this.#answer(() => answerPageFrom(request, this.#sourceOf));
  }

  counts(): Map<StreamName, number> {
    return new StreamTable(this.#database).counts();
  }

  streams(): StreamInfo[] {
    return new StreamTable(this.#database).list();
  }

  close(): void {
    this.#database.close();
  }

  readonly #sourceOf: SourceOf = (address, { fromUs, toUs }) => {
    const endMs = this.#nowMs() + queryLimits.timeoutMs;
    const check = (): void => {
      if (this.#nowMs() < endMs) return;
      const { device, sensor, quantity } = address;
      const detail = `The limit is ${queryLimits.timeoutMs} ms.`;
      throw new FieldlineError('QUERY_TIMEOUT', { subject: `${device}/${sensor}/${quantity}`, detail });
    };
    return BlockSource.open(this.#tables, { address, fromUs, toUs, check });
  };

  /** Several statements see one state of the store, although it is written meanwhile. */
  async #answer<Value>(work: () => Promise<Result<Value>>): Promise<Result<Value>> {
    this.#database.exec('BEGIN');
    try {
      return await work();
    } catch (error) {
      if (error instanceof FieldlineError) return refused(error.code, error.detail);
      throw error;
    } finally {
      this.#database.exec('COMMIT');
    }
  }
}
