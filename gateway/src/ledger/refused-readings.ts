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
  readonly #statements: Record<'reading' | 'batch' | 'forget' | 'ofCause', StatementSync>;
  readonly #byStore: Counts = new Map();
  readonly #byGateway: Counts = new Map();
  readonly #byClock: Counts = new Map();
  /** Causes of `byClock`. */
  readonly #quarantined = new Set<string>();
  readonly #batchesOf: Counts = new Map();
  readonly #rowsOf: Counts = new Map();
  /** Refused batches with their names, as far as they were restored from the database. */
  readonly batches: readonly RefusedBatch[];

  constructor(database: DatabaseSync) {
    this.#statements = {
      reading: database.prepare(
        'INSERT OR IGNORE INTO refused_readings (cause, stream, readings) VALUES (?, ?, ?)',
      ),
      ofCause: database.prepare('SELECT stream, readings FROM refused_readings WHERE cause = ?'),
      forget: database.prepare('DELETE FROM refused_readings WHERE cause = ?'),
      batch: database.prepare('INSERT OR IGNORE INTO refused_batches (device, epoch, seq) VALUES (?, ?, ?)'),
    };
    const rows = database.prepare('SELECT cause, stream, readings FROM refused_readings');
    for (const { cause, stream, readings } of rows.iterate()) {
      this.#count(String(cause), String(stream), Number(readings));
    }
    this.batches = database
      .prepare('SELECT device, epoch, seq FROM refused_batches')
      .all()
      .map((row) => ({ device: String(row.device), epoch: String(row.epoch), seq: Number(row.seq) }));
    for (const { device } of this.batches) addCount(this.#batchesOf, device, 1);
  }

  /** The primary store refused `readings` of the journal's record at `offset`, of `device/sensor/quantity`. */
  addByStore(offset: number, stream: string, readings: number): void {
    this.#add(`store ${offset}`, stream, readings);
  }

  /** A batch that no running total will ever explain: `cause` is its name and digest. */
  addByGateway(cause: string, stream: string, readings: number): void {
    if ((this.#rowsOf.get(deviceOf(stream)) ?? 0) >= refusalsPerDeviceMax) return;
    this.#add(`batch ${cause}`, stream, readings);
  }

  /** Writes that a received batch is given up because of its clock; `quarantined` counts it. */
  writeQuarantined(name: RefusedBatch, counts: ReadonlyMap<string, number>): void {
    for (const [stream, readings] of [...counts, noReadings]) {
      this.#statements.reading.run(clockCause(name), `${name.device}/${stream}`, readings);
    }
  }

  /** Counts what `writeQuarantined` has written. */
  quarantined(name: RefusedBatch, counts: ReadonlyMap<string, number>): void {
    for (const [stream, readings] of [...counts, noReadings])
      this.#count(clockCause(name), `${name.device}/${stream}`, readings);
  }

  /** Whether the gateway refused any readings of this device. */
  hasByGateway(device: string): boolean {
    return (this.#rowsOf.get(device) ?? 0) > 0;
  }

  /** Takes back every refusal of this cause of the gateway: the batch has been stored after all. */
  forgetByGateway(device: string, cause: string): void {
    if (this.hasByGateway(device)) this.#forget(`batch ${cause}`);
  }

  /**
   * Writes that a batch is given up no more, in the caller's transaction. Answers what counts it, to be called where
   * that has succeeded.
   */
  forgetQuarantined(name: RefusedBatch): () => void {
    const count = this.#erase(clockCause(name));
    return () => {
      count();
      this.#quarantined.delete(clockCause(name));
    };
  }

  /** Whether this batch is given up because of its clock. */
  isQuarantined(name: RefusedBatch): boolean {
    return this.#quarantined.has(clockCause(name));
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

  /** Readings of received batches that were given up because of their clock. */
  byClock(stream: string): number {
    return this.#byClock.get(stream) ?? 0;
  }

  byGateway(stream: string): number {
    return this.#byGateway.get(stream) ?? 0;
  }

  /** Every stream of which something was refused. */
  streams(): string[] {
    return [...new Set([...this.#byStore.keys(), ...this.#byGateway.keys(), ...this.#byClock.keys()])];
  }

  /** A cause that was counted before counts nothing. */
  #add(cause: string, stream: string, readings: number): void {
    const isFresh = Number(this.#statements.reading.run(cause, stream, readings).changes) > 0;
    if (isFresh) this.#count(cause, stream, readings);
  }

  #forget(cause: string): void {
    this.#erase(cause)();
  }

  /** Removes the rows of a cause; answers what takes them out of the counts. */
  #erase(cause: string): () => void {
    const rows = this.#statements.ofCause.all(cause);
    if (rows.length > 0) this.#statements.forget.run(cause);
    return () => {
      for (const { stream, readings } of rows) this.#count(cause, String(stream), -Number(readings), -1);
    };
  }

  #count(cause: string, stream: string, readings: number, rows: 1 | -1 = 1): void {
    const [kind] = cause.split(' ', 1);
    if (kind === 'store') addCount(this.#byStore, stream, readings);
    else if (kind === 'clock') {
      this.#quarantined.add(cause);
      addCount(this.#byClock, stream, readings);
    } else {
      addCount(this.#rowsOf, deviceOf(stream), rows);
      addCount(this.#byGateway, stream, readings);
    }
  }
}

/** Stands for a batch of gaps alone, so that it too is known by its cause. */
const noReadings: readonly [stream: string, readings: number] = ['', 0];

function clockCause({ device, epoch, seq }: RefusedBatch): string {
  return `clock ${device} ${epoch} ${seq}`;
}

function deviceOf(stream: string): string {
  return stream.slice(0, stream.indexOf('/'));
}
