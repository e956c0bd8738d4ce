import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { FieldlineError, refused, type Result, type StreamInfo, type StreamName } from '@fieldline/protocol';
import type { PageAnswer, PageRequest, SeriesAnswer, SeriesRequest, Store } from '../../query/store.ts';
import type { JournaledBatch, Sink, SinkFailure, SinkOpening, SinkOutcome } from '../sink.ts';
import { ReaderPool } from './reader-pool.ts';
import { StoreThread } from './store-thread.ts';

/**
 * The store that needs nothing installed: blocks of columns as rows of SQLite. One thread writes, and tidies between
 * its writes; others answer queries from connections of their own, so that none waits for another.
 *
 * ```
 * write ─► writer thread ─► small blocks ─► merged blocks      store.db (WAL)
 * query ─► reader threads ◄────────────────────────────────────┘
 * ```
 */
export class EmbeddedStore implements Sink, Store {
  readonly name = 'embedded';
  readonly #path: string;
  readonly #nowUs: () => number;
  readonly #readers: ReaderPool;
  #writer: StoreThread | undefined;

  /** `path`: the database file; its folder is made where it is missing. */
  constructor(options: { readonly path: string; readonly nowUs: () => number }) {
    this.#path = options.path;
    this.#nowUs = options.nowUs;
    this.#readers = new ReaderPool(() => this.#thread('reader'));
  }

  async open(): Promise<SinkOpening> {
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      const resumeAt = await this.#openWriter().call('cursor', undefined);
      this.#readers.warm();
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

  async close(): Promise<void> {
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
