import type { Batch } from '@fieldline/protocol';
import { decodeBatch } from '@fieldline/protocol';
import type { Journal, JournalStats, ReadLimit } from '@fieldline/journal';

/** A batch that is durable at the gateway. */
export interface JournaledBatch {
  readonly offset: number;
  readonly batch: Batch;
  /** When it was journaled, microseconds UTC. */
  readonly receivedAtUs: number;
}

/** Decoded batches kept so that each of several sinks need not decode again. */
const cacheBytesMax = 32 * 1024 * 1024;

interface Cached {
  readonly batch: Batch;
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
    this.#remember(offset, batch, payload.byteLength);
    return offset;
  }

  /**
   * Reads in order from the first record at or after `offset`. Records that can no longer be decoded are
   * left out and counted in `unreadable`: offsets in the answer are then not consecutive.
   */
  async read(offset: number, limit: ReadLimit): Promise<JournaledBatch[]> {
    const records = await this.#journal.read(offset, limit);
    const entries: JournaledBatch[] = [];
    for (const record of records) {
      const batch = this.#cache.get(record.offset)?.batch ?? this.#decode(record.value);
      if (batch) entries.push({ offset: record.offset, batch, receivedAtUs: record.appendedAtUs });
    }
    return entries;
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

  stats(): JournalStats {
    return this.#journal.stats();
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  #decode(value: Uint8Array): Batch | undefined {
    const decoded = decodeBatch(value, { inflatedBytes: this.#inflatedBytes });
    if (decoded.ok) return decoded.value;
    this.#unreadable += 1;
    return undefined;
  }

  /** A decoded batch holds about what its payload holds, unpacked: eight times is the usual upper end. */
  #remember(offset: number, batch: Batch, payloadBytes: number): void {
    const sizeBytes = payloadBytes * 8 + 512;
    this.#cache.set(offset, { batch, sizeBytes });
    this.#cacheBytes += sizeBytes;
    for (const [oldest, { sizeBytes: freed }] of this.#cache) {
      if (this.#cacheBytes <= cacheBytesMax) break;
      this.#cache.delete(oldest);
      this.#cacheBytes -= freed;
    }
  }
}
