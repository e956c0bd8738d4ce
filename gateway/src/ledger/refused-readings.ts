import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { addCount, type Counts } from './run.ts';

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
  readonly #conflicting: Counts = new Map();
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
      `SELECT stream, cause LIKE 'store %' AS byStore, sum(readings) AS readings
       FROM refused_readings GROUP BY 1, 2`,
    );
    for (const { stream, byStore, readings } of sums.all()) {
      addCount(byStore ? this.#byStore : this.#conflicting, String(stream), Number(readings));
    }
    this.batches = database
      .prepare('SELECT device, epoch, seq FROM refused_batches')
      .all()
      .map((row) => ({ device: String(row.device), epoch: String(row.epoch), seq: Number(row.seq) }));
  }

  /** The primary store refused `readings` of the journal's record at `offset`, of `device/sensor/quantity`. */
  addByStore(offset: number, stream: string, readings: number): void {
    this.#add(this.#byStore, `store ${offset}`, stream, readings);
  }

  /** A batch under a name that another has: `cause` is its name and digest. */
  addConflicting(cause: string, stream: string, readings: number): void {
    this.#add(this.#conflicting, `conflict ${cause}`, stream, readings);
  }

  /** False when this batch was counted before. */
  addBatch({ device, epoch, seq }: RefusedBatch): boolean {
    return Number(this.#statements.batch.run(device, epoch, seq).changes) > 0;
  }

  byStore(stream: string): number {
    return this.#byStore.get(stream) ?? 0;
  }

  conflicting(stream: string): number {
    return this.#conflicting.get(stream) ?? 0;
  }

  /** Every stream of which something was refused. */
  streams(): string[] {
    return [...new Set([...this.#byStore.keys(), ...this.#conflicting.keys()])];
  }

  #add(into: Counts, cause: string, stream: string, readings: number): void {
    const { changes } = this.#statements.reading.run(cause, stream, readings);
    if (Number(changes) > 0) addCount(into, stream, readings);
  }
}
