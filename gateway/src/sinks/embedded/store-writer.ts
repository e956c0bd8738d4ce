import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Batch, ReadingsBlock, StreamInfo, StreamName, WindowsBlock } from '@fieldline/protocol';
import type { JournaledBatch } from '../sink.ts';
import { migrate } from './migrations.ts';
import { openDatabase } from './open-database.ts';
import { RowWriter } from './row-writer.ts';
import { StreamTable, type StreamAddition } from './stream-table.ts';

/** The writing side of the store, in its own thread: one connection, one transaction a write. */
export class StoreWriter {
  readonly #database: DatabaseSync;
  readonly #rows: RowWriter;
  readonly #streams: StreamTable;
  readonly #readCursor: StatementSync;
  readonly #saveCursor: StatementSync;

  /** Throws STORE_UNREADABLE, STORE_NEWER_SCHEMA. */
  constructor(path: string, nowUs: number) {
    this.#database = openDatabase(path, 'writer');
    migrate(this.#database, path, nowUs);
    this.#rows = new RowWriter(this.#database);
    this.#streams = new StreamTable(this.#database);
    this.#readCursor = this.#database.prepare('SELECT next_offset FROM journal_cursor');
    this.#saveCursor = this.#database.prepare('UPDATE journal_cursor SET next_offset = ?');
  }

  /** The offset of the next entry to store. */
  cursor(): number {
    return Number(this.#readCursor.get()?.['next_offset']);
  }

  /**
   * Stores the entries and moves the cursor in one transaction: each entry is stored once, however often it
   * is written. Throws what SQLite throws; then nothing of the call is stored.
   */
  write(entries: readonly JournaledBatch[]): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      let next = this.cursor();
      for (const { offset, batch } of entries) {
        if (offset < next) continue;
        this.#storeBatch(batch);
        next = offset + 1;
      }
      this.#saveCursor.run(next);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#rollBack();
      throw error;
    }
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

  /** SQLite has rolled back by itself after some errors (a full disk): a second ROLLBACK then fails. */
  #rollBack(): void {
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    this.#rows.forget();
    this.#streams.forget();
  }

  #storeBatch(batch: Batch): void {
    for (const block of batch.sensors) {
      if (block.kind === 'readings') this.#storeReadings(batch.device, block);
      else if (block.kind === 'windows') this.#storeWindows(batch.device, block);
      else {
        for (let index = 0; index < block.from.length; index++) {
          const reason = block.reason[index] ?? '';
          this.#rows.insertGap(batch.device, block.sensor, block.from[index]!, block.to[index]!, reason);
        }
      }
    }
  }

  #storeReadings(device: string, block: ReadingsBlock): void {
    const { sensor, type, kind, extra = false } = block;
    for (const [quantity, field] of Object.entries(block.fields)) {
      const { unit } = field;
      const stream = this.#streams.idOf({ device, sensor, quantity, type, unit, kind, window: null, extra });
      const readings = this.#rows.insertReadings(stream, block.t, field);
      this.#streams.add(stream, { readings, newest: newestReading(block.t, field.v) });
    }
  }

  #storeWindows(device: string, block: WindowsBlock): void {
    const { sensor, type, kind, window, extra = false } = block;
    for (const [quantity, field] of Object.entries(block.fields)) {
      const { unit } = field;
      const stream = this.#streams.idOf({ device, sensor, quantity, type, unit, kind, window, extra });
      const readings = this.#rows.insertWindows(stream, block, field);
      const means = field.sum.map((sum, index) => sum / field.count[index]!);
      this.#streams.add(stream, { readings, newest: newestReading(block.end, means) });
    }
  }
}

/** Time and value of the newest row that has a value. */
function newestReading(times: Float64Array, values: Float64Array): StreamAddition['newest'] {
  let newest: StreamAddition['newest'] = null;
  for (let index = 0; index < times.length; index++) {
    const value = values[index]!;
    if (!Number.isNaN(value) && times[index]! >= (newest?.t ?? 0)) newest = { t: times[index]!, value };
  }
  return newest;
}
