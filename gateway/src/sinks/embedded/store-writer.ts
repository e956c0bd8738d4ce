import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { GapsBlock, StreamInfo, StreamName } from '@fieldline/protocol';
import { BatchGatherer } from './batch-gatherer.ts';
import { BlockTable } from './blocks/block-table.ts';
import { mergeSmallBlocks, MergeCandidates } from './blocks/compaction.ts';
import { blockLimits, type Grain } from './blocks/limits.ts';
import { migrate } from './migrations.ts';
import { openDatabase } from './open-database.ts';
import { StreamTable } from './stream-table.ts';
import type { StoredEntry } from './thread-messages.ts';

/** The writing side of the store, in its own thread: one connection, one transaction a write. */
export class StoreWriter {
  readonly #database: DatabaseSync;
  readonly #blocks: BlockTable;
  readonly #streams: StreamTable;
  readonly #candidates = new MergeCandidates();
  readonly #readCursor: StatementSync;
  readonly #saveCursor: StatementSync;
  readonly #insertGap: StatementSync;

  /** Throws STORE_UNREADABLE, STORE_NEWER_SCHEMA. */
  constructor(path: string, nowUs: number) {
    this.#database = openDatabase(path, 'writer');
    migrate(this.#database, path, nowUs);
    this.#blocks = new BlockTable(this.#database);
    this.#streams = new StreamTable(this.#database);
    this.#readCursor = this.#database.prepare('SELECT next_offset FROM journal_cursor');
    this.#saveCursor = this.#database.prepare('UPDATE journal_cursor SET next_offset = ?');
    this.#insertGap = this.#database.prepare('INSERT OR IGNORE INTO gap VALUES (?, ?, ?, ?, ?)');
    this.#findCandidates();
  }

  /** The offset of the next entry to store. */
  cursor(): number {
    return Number(this.#readCursor.get()?.['next_offset']);
  }

  /**
   * Stores the entries and moves the cursor in one transaction: each entry is stored once, however often it
   * is written. Throws what SQLite throws; then nothing of the call is stored.
   */
  write(entries: readonly StoredEntry[]): void {
    const written = this.#inTransaction(() => {
      const gathered = new BatchGatherer(this.#streams);
      let next = this.cursor();
      for (const { offset, device, sensors } of entries) {
        if (offset < next) continue;
        for (const block of sensors) {
          if (block.kind === 'gaps') this.#storeGaps(device, block);
          else gathered.add(device, block);
        }
        next = offset + 1;
      }
      const blocks = gathered.store(this.#blocks);
      this.#saveCursor.run(next);
      return blocks;
    });
    for (const place of written) {
      this.#candidates.add(place, place.blocks.filter((rows) => rows < blockLimits.rowsWhole).length);
    }
  }

  /** Does one piece of what makes later questions cheaper; false where nothing is left to do. */
  tidy(): boolean {
    const place = this.#candidates.take();
    if (!place) return false;
    const result = this.#inTransaction(() => mergeSmallBlocks(this.#blocks, place));
    this.#candidates.left(place, result);
    return true;
  }

  counts(): Map<StreamName, number> {
    return this.#streams.counts();
  }

  streams(): StreamInfo[] {
    return this.#streams.list();
  }

  close(): void {
    this.#database.close();
  }

  /** Runs `work` in a transaction. Throws what it throws; then nothing of it is stored. */
  #inTransaction<Value>(work: () => Value): Value {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const value = work();
      this.#database.exec('COMMIT');
      return value;
    } catch (error) {
      // SQLite has rolled back by itself after some errors (a full disk): a second ROLLBACK then fails.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#streams.forget();
      throw error;
    }
  }

  /** What a store that was closed or killed had left to merge. */
  #findCandidates(): void {
    const sql = `SELECT stream, grain, count(*) AS blocks FROM block WHERE rows < ${blockLimits.rowsWhole} GROUP BY stream, grain`;
    for (const row of this.#database.prepare(sql).all()) {
      // What `BlockTable.insert` wrote is one of the grains.
      const place = { stream: Number(row['stream']), grain: Number(row['grain']) as Grain };
      this.#candidates.add(place, Number(row['blocks']));
    }
  }

  #storeGaps(device: string, { sensor, from, to, reason }: GapsBlock): void {
    for (let index = 0; index < from.length; index++) {
      this.#insertGap.run(device, sensor, from[index]!, to[index]!, reason[index] ?? '');
    }
  }
}
