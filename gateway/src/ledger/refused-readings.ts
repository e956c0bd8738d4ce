import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { addCount, type Counts } from './run.ts';

/**
 * Most batches, and most streams of batches, that are remembered as refused of one device: names are the
 * device's to make up. What it adds beyond that stays under way, visibly; the dead letters and the metrics go
 * on counting it.
 */
export const refusalsPerDeviceMax = 10_000;

/** A batch that was refused although its name could be read. */
export interface RefusedBatch {
  readonly device: string;
  readonly epoch: string;
  readonly seq: number;
}

/**
 * Readings that the gateway refused. They are not in the journal (or, for parts that a store refused, cannot
 * be told from it), so that they are written at once, each under the name of its cause: a second report of
 * the same cause counts nothing.
 */
export class RefusedReadings {
  readonly #statements: Record<'reading' | 'batch', StatementSync>;
  readonly #byStore: Counts = new Map();
  readonly #byGateway: Counts = new Map();
  readonly #batchesOf: Counts = new Map();
  readonly #rowsOf: Counts = new Map();
  /** Refused batches with their names, as far as they were restored from the database. */
  readonly batches: readonly RefusedBatch[];

  constructor(database: DatabaseSync) {
    this.#statements = {
      reading: database.prepare(
        'INSERT OR IGNORE INTO refused_readings (cause, stream, readings) VALUES (?, ?, ?)',
      ),
      batch: database.prepare('INSERT OR IGNORE INTO refused_batches (device, epoch, seq) VALUES (?, ?, ?)'),
    };
    const sums = database.prepare(
      `SELECT stream, cause LIKE 'store %' AS byStore, sum(readings) AS readings, count(*) AS causes
       FROM refused_readings GROUP BY 1, 2`,
    );
    for (const { stream, byStore, readings, causes } of sums.all()) {
      addCount(byStore ? this.#byStore : this.#byGateway, String(stream), Number(readings));
      if (!byStore) addCount(this.#rowsOf, deviceOf(String(stream)), Number(causes));
    }
    this.batches = database
      .prepare('SELECT device, epoch, seq FROM refused_batches')
      .all()
      .map((row) => ({ device: String(row.device), epoch: String(row.epoch), seq: Number(row.seq) }));
    for (const { device } of this.batches) addCount(this.#batchesOf, device, 1);
  }

  /** The primary store refused `readings` of the journal's record at `offset`, of `device/sensor/quantity`. */
  addByStore(offset: number, stream: string, readings: number): void {
    this.#add(this.#byStore, `store ${offset}`, stream, readings);
  }

  /** A batch that no running total will ever explain: `cause` is its name and digest. */
  addByGateway(cause: string, stream: string, readings: number): void {
    const device = deviceOf(stream);
    if ((this.#rowsOf.get(device) ?? 0) >= refusalsPerDeviceMax) return;
    if (this.#add(this.#byGateway, `batch ${cause}`, stream, readings)) addCount(this.#rowsOf, device, 1);
  }

  /** False when this batch was counted before, and beyond the limit. */
  addBatch({ device, epoch, seq }: RefusedBatch): boolean {
    if ((this.#batchesOf.get(device) ?? 0) >= refusalsPerDeviceMax) return false;
    const isFresh = Number(this.#statements.batch.run(device, epoch, seq).changes) > 0;
    if (isFresh) addCount(this.#batchesOf, device, 1);
    return isFresh;
  }

  byStore(stream: string): number {
    return this.#byStore.get(stream) ?? 0;
  }

  byGateway(stream: string): number {
    return this.#byGateway.get(stream) ?? 0;
  }

  /** Every stream of which something was refused. */
  streams(): string[] {
    return [...new Set([...this.#byStore.keys(), ...this.#byGateway.keys()])];
  }

  /** False when this cause was counted before. */
  #add(into: Counts, cause: string, stream: string, readings: number): boolean {
    const isFresh = Number(this.#statements.reading.run(cause, stream, readings).changes) > 0;
    if (isFresh) addCount(into, stream, readings);
    return isFresh;
  }
}

function deviceOf(stream: string): string {
  return stream.slice(0, stream.indexOf('/'));
}
