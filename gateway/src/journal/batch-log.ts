import type { AppendReceiver, Journal, JournalRecord, JournalStats, ReadLimit } from '@fieldline/journal';
import { decodeBatch, encodeBatch, type Batch } from '@fieldline/protocol';
import { isUnplaced } from '../ingest/place-batch.ts';
import { LogReader } from './log-reader.ts';
import { RecentBatches } from './recent-batches.ts';

/** A batch that is durable at the gateway. */
export interface JournaledBatch {
  readonly offset: number;
  readonly batch: Batch;
  /** When it was journaled, microseconds UTC. */
  readonly receivedAtUs: number;
  /**
   * The batch as it was received, where its times count from the device's boot: `batch` is then the same
   * without sensors, since nothing of it can be stored yet.
   */
  readonly unplaced?: Batch;
  /** Written by the gateway: a batch that was received before, with the times that its anchor gives it. */
  readonly isPlaced?: true;
}

/** First byte of a record that the gateway wrote of its own accord; no encoding of a batch begins with it. */
const placedMark = 0x01;

/**
 * The gateway's journal of accepted batches: record key = device, record value = the payload as received.
 * Whatever keeps the records (`Journal`) may be files here and Apache Kafka there.
 */
export class BatchLog {
  readonly #journal: Journal;
  readonly #inflatedBytes: number;
  readonly #recent = new RecentBatches();
  readonly #readers = new Set<LogReader>();
  #unreadable = 0;

  /** `inflatedBytes`: cap on a batch after decompression, as at ingest. */
  constructor(journal: Journal, options: { inflatedBytes: number }) {
    this.#journal = journal;
    this.#inflatedBytes = options.inflatedBytes;
  }

  /**
   * Appends one accepted batch and resolves with its offset once it is durable. Rejects with FieldlineError
   * JOURNAL_WRITE_FAILED: then nothing of it is ever read.
   */
  append(batch: Batch, payload: Uint8Array): Promise<number> {
    return new Promise((appended, failed) => this.appendFor({ appended, failed }, batch, payload));
  }

  /** The same, telling `receiver` instead of a promise, in the order of the journal (see `Journal.appendFor`). */
  appendFor(receiver: AppendReceiver, batch: Batch, payload: Uint8Array): void {
    const append = new RememberedAppend(
      this.#recent,
      receiver,
      { batch, isPlaced: false },
      payload.byteLength,
    );
    this.#journal.appendFor(append, batch.device, payload);
  }

  /**
   * Appends a batch that has been received before, with its times placed: stores take this record, and the
   * account knows that it is no second batch. Rejects like `append`.
   */
  async appendPlaced(batch: Batch): Promise<number> {
    const payload = encodeBatch(batch);
    const value = new Uint8Array(payload.byteLength + 1);
    value[0] = placedMark;
    value.set(payload, 1);
    const about = { batch, isPlaced: true };
    return new Promise((appended, failed) => {
      const append = new RememberedAppend(this.#recent, { appended, failed }, about, value.byteLength);
      this.#journal.appendFor(append, batch.device, value);
    });
  }

  /**
   * Reads in order from the first record at or after `offset`; empty at the end of the log. A record that
   * can no longer be decoded is counted in `unreadable` and appears as a batch of that device without
   * sensors, so that readers advance past it.
   */
  async read(offset: number, limit: ReadLimit): Promise<JournaledBatch[]> {
    const recent = this.#recent.read(offset, limit);
    if (recent) return recent;
    const records = await this.#journal.read(offset, limit);
    return records.map((record) => this.#recent.get(record.offset) ?? toEntry(record, this.#decode(record)));
  }

  /** A view of the log for one who reads on and on: what all of these have passed is let go from memory early. */
  reader(): LogReader {
    const reader = new LogReader(this, () => this.#letGo());
    this.#readers.add(reader);
    return reader;
  }

  #letGo(): void {
    let passed = Infinity;
    for (const { position } of this.#readers) passed = Math.min(passed, position);
    this.#recent.letGoBelow(passed);
  }

  /** Resolves once a record at `offset` is durable, or with false when `signal` aborts or the log closes. */
  waitFor(offset: number, signal?: AbortSignal): Promise<boolean> {
    return this.#journal.waitFor(offset, signal);
  }

  /** Names a position durably. */
  setCursor(name: string, offset: number): Promise<void> {
    return this.#journal.setCursor(name, offset);
  }

  /** Forgets a position that nobody will go on from. */
  removeCursor(name: string): Promise<void> {
    return this.#journal.removeCursor(name);
  }

  /** A position that was named before; undefined where it never was. */
  cursor(name: string): number | undefined {
    return this.#journal.cursor(name);
  }

  /** The oldest offset still kept. */
  get firstOffset(): number {
    return this.#journal.firstOffset;
  }

  /** The offset that the next durable record will have. */
  get nextOffset(): number {
    return this.#journal.nextOffset;
  }

  /** Records whose payload could no longer be decoded when they were read back. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** Counters and sizes for metrics. */
  stats(): JournalStats {
    return this.#journal.stats();
  }

  /** Makes everything durable and closes. */
  close(): Promise<void> {
    return this.#journal.close();
  }

  #decode({ key, value }: JournalRecord): Decoded {
    const isPlaced = value[0] === placedMark;
    const payload = isPlaced ? value.subarray(1) : value;
    const decoded = decodeBatch(payload, { inflatedBytes: this.#inflatedBytes });
    if (decoded.ok) return { batch: decoded.value, isPlaced };
    this.#unreadable += 1;
    return { batch: emptyBatch(key), isPlaced };
  }
}

/** A batch as it was before its times were looked at. */
interface Decoded {
  readonly batch: Batch;
  readonly isPlaced: boolean;
}

/** Keeps what becomes durable for the readers, and passes the news on. */
class RememberedAppend implements AppendReceiver {
  readonly #recent: RecentBatches;
  readonly #receiver: AppendReceiver;
  readonly #decoded: Decoded;
  readonly #payloadBytes: number;

  constructor(recent: RecentBatches, receiver: AppendReceiver, decoded: Decoded, payloadBytes: number) {
    this.#recent = recent;
    this.#receiver = receiver;
    this.#decoded = decoded;
    this.#payloadBytes = payloadBytes;
  }

  appended(offset: number, appendedAtUs: number): void {
    const entry = toEntry({ offset, appendedAtUs }, this.#decoded);
    this.#recent.add(entry, this.#decoded.batch, this.#payloadBytes);
    this.#receiver.appended(offset, appendedAtUs);
  }

  failed(cause: unknown): void {
    this.#receiver.failed(cause);
  }
}

function toEntry(
  { offset, appendedAtUs }: Pick<JournalRecord, 'offset' | 'appendedAtUs'>,
  { batch, isPlaced }: Decoded,
): JournaledBatch {
  const receivedAtUs = appendedAtUs;
  if (isUnplaced(batch)) return { offset, batch: { ...batch, sensors: [] }, receivedAtUs, unplaced: batch };
  return isPlaced ? { offset, batch, receivedAtUs, isPlaced } : { offset, batch, receivedAtUs };
}

/** Stands for a record that cannot be decoded; its seq of 0 names no batch. */
function emptyBatch(device: string): Batch {
  return {
    v: 1,
    device,
    epoch: '',
    seq: 0,
    bootId: '',
    sentAt: 0,
    clock: 'unset',
    configVersion: 0,
    lane: 'live',
    sensors: [],
    ledger: {},
  };
}
