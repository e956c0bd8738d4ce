import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { GapsBlock, StreamInfo, StreamName } from '@fieldline/protocol';
import { BatchGatherer } from './batch-gatherer.ts';
import { BlockTable, type Place } from './blocks/block-table.ts';
import { mergeSmallBlocks, MergeCandidates } from './blocks/compaction.ts';
import { blockLimits, type Grain } from './blocks/limits.ts';
import { migrate } from './migrations.ts';
import { openDatabase, releasePages } from './open-database.ts';
import { Retention, type KeepUs } from './rollups/retention.ts';
import { rollBlocksMax, rollUp } from './rollups/roll-up.ts';
import { RollupTable } from './rollups/rollup-table.ts';
import { Statements } from './statements.ts';
import { StreamTable } from './stream-table.ts';
import type { StoredEntry } from './thread-messages.ts';

/** The writing side of the store, in its own thread: one connection, one transaction a write. */
export class StoreWriter {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #blocks: BlockTable;
  readonly #streams: StreamTable;
  readonly #rollups: RollupTable;
  readonly #candidates = new MergeCandidates();
  /** Places with whole blocks that no rollup has looked at. */
  readonly #toRoll = new Map<string, Place>();
  readonly #readCursor: StatementSync;
  readonly #saveCursor: StatementSync;
  readonly #insertGap: StatementSync;

  /** Throws STORE_UNREADABLE, STORE_NEWER_SCHEMA. */
  constructor(path: string, nowUs: number) {
    this.#database = openDatabase(path, 'writer');
    migrate(this.#database, path, nowUs);
    this.#statements = new Statements(this.#database);
    this.#blocks = new BlockTable(this.#statements);
    this.#rollups = new RollupTable(this.#statements);
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
      const small = place.blocks.filter((rows) => rows < blockLimits.rowsWhole).length;
      this.#candidates.add(place, small);
      if (small < place.blocks.length) this.#noteWhole(place);
    }
  }

  /** Does one piece of what makes later questions cheaper; false where nothing is left to do. */
  tidy(): boolean {
    return this.#mergeOnce() || this.#rollOnce();
  }

  /**
   * Removes what is older than it is kept, by the wall clock `nowUs`, and gives free pages back. A stream that cannot
   * be read keeps no other from it: what it threw is thrown at the end.
   */
  retire({ nowUs, keepUs }: { readonly nowUs: number; readonly keepUs: KeepUs }): void {
    const retention = new Retention(this.#statements, this.#blocks, this.#rollups);
    const failures: unknown[] = [];
    this.#inTransaction(() => retention.noteRetired(nowUs, keepUs));
    for (const stream of Number.isFinite(keepUs.readings) ? retention.streams() : []) {
      try {
        this.#inTransaction(() => retention.removeReadings(stream, nowUs - keepUs.readings));
      } catch (error) {
        failures.push(error);
      }
    }
    this.#inTransaction(() => retention.removeRollups(nowUs, keepUs));
    releasePages(this.#database);
    if (failures.length > 0) throw failures[0];
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

  #mergeOnce(): boolean {
    const place = this.#candidates.take();
    if (!place) return false;
    const result = this.#inTransaction(() => mergeSmallBlocks(this.#blocks, place));
    this.#candidates.left(place, result);
    if (result.merged > result.smallBlocks) this.#noteWhole(place);
    return true;
  }

  #rollOnce(): boolean {
    for (const [key, place] of this.#toRoll) {
      const blocks = this.#blocks.unrolled(place, blockLimits.rowsWhole, rollBlocksMax);
      if (blocks.length < rollBlocksMax) this.#toRoll.delete(key);
      if (blocks.length === 0) continue;
      this.#inTransaction(() => rollUp(this.#blocks, this.#rollups, blocks));
      return true;
    }
    return false;
  }

  #noteWhole({ stream, grain }: Place): void {
    this.#toRoll.set(`${stream} ${grain}`, { stream, grain });
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

  /** What a store that was closed or killed had left to merge and to roll up. */
  #findCandidates(): void {
    const whole = blockLimits.rowsWhole;
    const small = `SELECT stream, grain, count(*) AS blocks FROM block WHERE rows < ${whole} GROUP BY stream, grain`;
    for (const row of this.#database.prepare(small).all()) this.#candidates.add(placeOf(row), Number(row['blocks'])); // prettier-ignore
    const unrolled = `SELECT DISTINCT stream, grain FROM block WHERE rolled = 0 AND rows >= ${whole}`;
    for (const row of this.#database.prepare(unrolled).all()) this.#noteWhole(placeOf(row));
  }

  #storeGaps(device: string, { sensor, from, to, reason }: GapsBlock): void {
    for (let index = 0; index < from.length; index++) {
      this.#insertGap.run(device, sensor, from[index]!, to[index]!, reason[index] ?? '');
    }
  }
}

function placeOf(row: Record<string, unknown>): Place {
  // What `BlockTable.insert` wrote is one of the grains.
  return { stream: Number(row['stream']), grain: Number(row['grain']) as Grain };
}
