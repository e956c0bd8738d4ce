import type { Journal, JournalRecord, JournalStats, ReadLimit } from '@fieldline/journal';
import { decodeBatch, encodeBatch, type Batch } from '@fieldline/protocol';
import { isUnplaced } from '../ingest/place-batch.ts';

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

/** Memory for decoded batches, kept so that each of several sinks need not decode again. */
const cacheBytesMax = 32 * 1024 * 1024;

/** Names, units, totals take a few times the room that they have in the payload; eight is the upper end. */
const unpackedRatio = 8;

interface Cached {
  readonly batch: Batch;
  readonly isPlaced: boolean;
  readonly sizeBytes: number;
}

/**
 * The gateway's journal of accepted batches: record key = device, record value = the payload as received.
 * Whatever keeps the records (`Journal`) may be files here and Apache Kafka there.
 */
export class BatchLog {
  readonly #journal: Journal;
  readonly #inflatedBytes: number;
  readonly #cache = new Map<number, Cached>();
  #cacheBytes = 0;
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
  async append(batch: Batch, payload: Uint8Array): Promise<number> {
    const offset = await this.#journal.append(batch.device, payload);
    this.#remember(offset, { batch, isPlaced: false }, payload.byteLength);
    return offset;
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
    const offset = await this.#journal.append(batch.device, value);
    this.#remember(offset, { batch, isPlaced: true }, value.byteLength);
    return offset;
  }

  /**
   * Reads in order from the first record at or after `offset`; empty at the end of the log. A record that
   * can no longer be decoded is counted in `unreadable` and appears as a batch of that device without
   * sensors, so that readers advance past it.
   */
  async read(offset: number, limit: ReadLimit): Promise<JournaledBatch[]> {
    const records = await this.#journal.read(offset, limit);
    return records.map((record) => toEntry(record, this.#cache.get(record.offset) ?? this.#decode(record)));
  }

  /** Resolves once a record at `offset` is durable, or with false when `signal` aborts or the log closes. */
  waitFor(offset: number, signal?: AbortSignal): Promise<boolean> {
    return this.#journal.waitFor(offset, signal);
  }

  /** Names a position durably. */
  setCursor(name: string, offset: number): Promise<void> {
    return this.#journal.setCursor(name, offset);
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

  #decode({ key, value }: JournalRecord): Omit<Cached, 'sizeBytes'> {
    const isPlaced = value[0] === placedMark;
    const payload = isPlaced ? value.subarray(1) : value;
    const decoded = decodeBatch(payload, { inflatedBytes: this.#inflatedBytes });
    if (decoded.ok) return { batch: decoded.value, isPlaced };
    this.#unreadable += 1;
    return { batch: emptyBatch(key), isPlaced };
  }

  #remember(offset: number, cached: Omit<Cached, 'sizeBytes'>, payloadBytes: number): void {
    const sizeBytes = payloadBytes * unpackedRatio + columnBytesOf(cached.batch) + 512;
    this.#cache.set(offset, { ...cached, sizeBytes });
    this.#cacheBytes += sizeBytes;
    for (const [oldest, { sizeBytes: freed }] of this.#cache) {
      if (this.#cacheBytes <= cacheBytesMax) break;
      this.#cache.delete(oldest);
      this.#cacheBytes -= freed;
    }
  }
}

function toEntry(
  { offset, appendedAtUs }: JournalRecord,
  { batch, isPlaced }: Omit<Cached, 'sizeBytes'>,
): JournaledBatch {
  const receivedAtUs = appendedAtUs;
  if (isUnplaced(batch)) return { offset, batch: { ...batch, sensors: [] }, receivedAtUs, unplaced: batch };
  return isPlaced ? { offset, batch, receivedAtUs, isPlaced } : { offset, batch, receivedAtUs };
}

/** Packed columns may take a thousand times the room of their payload. */
function columnBytesOf({ sensors }: Batch): number {
  let sizeBytes = 0;
  for (const block of sensors) {
    const fields: readonly object[] = block.kind === 'gaps' ? [] : Object.values<object>(block.fields);
    for (const columns of [block, ...fields]) {
      for (const column of Object.values<unknown>({ ...columns })) {
        if (ArrayBuffer.isView(column)) sizeBytes += column.byteLength;
      }
    }
  }
  return sizeBytes;
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
