import { mkdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FieldlineError, refused, type Result, type StreamInfo, type StreamName } from '@fieldline/protocol';
import type { PageAnswer, PageRequest, SeriesAnswer, SeriesRequest, Store } from '../../query/store.ts';
import type { JournaledBatch, Sink, SinkFailure, SinkOpening, SinkOutcome } from '../sink.ts';
import { ReaderPool } from './reader-pool.ts';
import { keepForever, type KeepUs } from './rollups/retention.ts';
import { StoreThread } from './store-thread.ts';

/** How often what has become too old is removed, in milliseconds. */
const retireIntervalMs = 10 * 60 * 1000;

/** Where the store lies, and how long it keeps what. */
export interface EmbeddedStoreOptions {
  /** The database file; its folder is made where it is missing. */
  readonly path: string;
  /** Wall clock, microseconds UTC. */
  readonly nowUs: () => number;
  /** For ever where absent. */
  readonly keepUs?: KeepUs;
}

/**
 * The store that needs nothing installed: blocks of columns as rows of SQLite. One thread writes, and tidies between
 * its writes; others answer queries from connections of their own, so that none waits for another.
 *
 * ```
 * write ─► writer thread ─► small blocks ─► merged blocks ─► rollups      store.db (WAL)
 * query ─► reader threads ◄───────┴────────────────┴────────────┘
 * ```
 */
export class EmbeddedStore implements Sink, Store {
  readonly name = 'embedded';
  readonly rebuilds = 'whole';
  readonly #path: string;
  readonly #nowUs: () => number;
  readonly #keepUs: KeepUs;
  readonly #readers: ReaderPool;
  #writer: StoreThread | undefined;
  #retiring: NodeJS.Timeout | undefined;

  constructor(options: EmbeddedStoreOptions) {
    this.#path = options.path;
    this.#nowUs = options.nowUs;
    this.#keepUs = options.keepUs ?? keepForever;
    this.#readers = new ReaderPool(() => this.#thread('reader'));
  }

  async open(): Promise<SinkOpening> {
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      const resumeAt = await this.#openWriter().call('cursor', undefined);
      this.#readers.warm();
      // What fails now (a full disk) is tried again the next time.
      this.#retiring ??= setInterval(
        () => void this.retire().catch(() => undefined),
        retireIntervalMs,
      ).unref();
      return { kind: 'ready', resumeAt };
    } catch (error) {
      return { kind: 'retryable', failure: this.#failure('STORE_UNREADABLE', error) };
    }
  }

  async write(entries: readonly JournaledBatch[]): Promise<SinkOutcome> {
    try {
      const stored = entries.map(({ offset, batch: { device, sensors } }) => ({ offset, device, sensors }));
      await this.#openWriter().call('write', stored);
      return { kind: 'stored' };
    } catch (error) {
      return { kind: 'retryable', failure: this.#failure('STORE_WRITE_FAILED', error) };
    }
  }

  /**
   * Begins with an empty file, and wants the journal from its beginning. The file that was there stays beside it, under a name
   * with the time.
   */
  async rebuild(): Promise<SinkOpening> {
    try {
      await this.close();
      await rename(this.#path, `${this.#path}.replaced-${this.#nowUs()}`).catch(ignoreMissing);
      // What a thread that was killed has left belongs to the other file.
      for (const suffix of ['-wal', '-shm']) await rm(`${this.#path}${suffix}`, { force: true });
    } catch (error) {
      return { kind: 'retryable', failure: this.#failure('STORE_UNREADABLE', error) };
    }
    return await this.open();
  }

  query(request: SeriesRequest): Promise<Result<SeriesAnswer>> {
    return this.#ask(() => this.#readers.call('query', request));
  }

  page(request: PageRequest): Promise<Result<PageAnswer>> {
    return this.#ask(() => this.#readers.call('page', request));
  }

  counts(): Promise<Map<StreamName, number>> {
    return this.#readers.call('counts', undefined);
  }

  streams(): Promise<StreamInfo[]> {
    return this.#readers.call('streams', undefined);
  }

  /** Does now what is done between writes otherwise; resolves when nothing is left. Rejects as `counts` does. */
  async tidy(): Promise<void> {
    await this.#openWriter().call('tidy', undefined);
  }

  /**
   * Removes now what is older than it is kept. Ages count to the newest reading where the clock is ahead of it: a clock that
   * jumps by years must not empty the store. Rejects as `counts` does.
   */
  async retire(): Promise<void> {
    const writer = this.#openWriter();
    const streams = await this.streams();
    const newestUs = streams.reduce((newest, { lastT }) => Math.max(newest, lastT ?? newest), -Infinity);
    if (newestUs === -Infinity) return;
    await writer.call('retire', { nowUs: Math.min(this.#nowUs(), newestUs), keepUs: this.#keepUs });
  }

  async close(): Promise<void> {
    clearInterval(this.#retiring);
    this.#retiring = undefined;
    await this.#readers.close();
    await this.#writer?.close();
    this.#writer = undefined;
  }

  async #ask<Value>(question: () => Promise<Result<Value>>): Promise<Result<Value>> {
    try {
      return await question();
    } catch (error) {
      return refused('QUERY_STORE_UNAVAILABLE', error instanceof Error ? error.message : String(error));
    }
  }

  #openWriter(): StoreThread {
    if (!this.#writer || this.#writer.dead) this.#writer = this.#thread('writer');
    return this.#writer;
  }

  #thread(role: 'writer' | 'reader'): StoreThread {
    return new StoreThread({ role, path: this.#path, nowUs: this.#nowUs() });
  }

  #failure(code: SinkFailure['code'], error: unknown): SinkFailure {
    if (error instanceof FieldlineError)
      return { code: error.code, subject: this.#path, detail: error.detail };
    return { code, subject: this.#path, detail: error instanceof Error ? error.message : String(error) };
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
