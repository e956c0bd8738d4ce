import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  FieldlineError,
  refused,
  type QueryAnswer,
  type Result,
  type StreamInfo,
  type StreamName,
} from '@fieldline/protocol';
import { queryLimits, type QueryRequest, type Store } from '../../query/store.ts';
import type { JournaledBatch, Sink, SinkFailure, SinkOpening, SinkOutcome } from '../sink.ts';
import { StoreThread } from './store-thread.ts';

/**
 * The store that needs nothing installed: SQLite in two threads, one that writes and one that answers
 * queries from a connection of its own, so that neither waits for the other.
 */
export class EmbeddedStore implements Sink, Store {
  readonly name = 'embedded';
  readonly #path: string;
  readonly #nowUs: () => number;
  #writer: StoreThread | undefined;
  #reader: StoreThread | undefined;

  /** `path`: the database file; its folder is made where it is missing. */
  constructor(options: { readonly path: string; readonly nowUs: () => number }) {
    this.#path = options.path;
    this.#nowUs = options.nowUs;
  }

  async open(): Promise<SinkOpening> {
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      const resumeAt = await this.#openWriter().call('cursor', undefined);
      // A thread takes its time to load: the first query need not wait for it.
      this.#openReader();
      return { kind: 'ready', resumeAt };
    } catch (error) {
      return { kind: 'retryable', failure: this.#failure('STORE_UNREADABLE', error) };
    }
  }

  async write(entries: readonly JournaledBatch[]): Promise<SinkOutcome> {
    try {
      await this.#openWriter().call('write', entries);
      return { kind: 'stored' };
    } catch (error) {
      return { kind: 'retryable', failure: this.#failure('STORE_WRITE_FAILED', error) };
    }
  }

  async query(request: QueryRequest): Promise<Result<QueryAnswer>> {
    const reader = this.#openReader();
    const timeout = Promise.withResolvers<Result<QueryAnswer>>();
    const timer = setTimeout(() => {
      // SQLite in a thread cannot be interrupted from outside: the thread is replaced.
      this.#reader = undefined;
      void reader.kill();
      timeout.resolve(refused('QUERY_TIMEOUT', `The limit is ${queryLimits.timeoutMs} ms.`));
    }, queryLimits.timeoutMs);
    try {
      return await Promise.race([reader.call('query', request), timeout.promise]);
    } catch (error) {
      return refused('QUERY_STORE_UNAVAILABLE', error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(timer);
    }
  }

  counts(): Promise<Map<StreamName, number>> {
    return this.#openWriter().call('counts', undefined);
  }

  streams(): Promise<StreamInfo[]> {
    return this.#openWriter().call('streams', undefined);
  }

  async close(): Promise<void> {
    await this.#reader?.close();
    await this.#writer?.close();
    this.#reader = undefined;
    this.#writer = undefined;
  }

  #openWriter(): StoreThread {
    if (!this.#writer || this.#writer.dead) this.#writer = this.#thread('writer');
    return this.#writer;
  }

  #openReader(): StoreThread {
    if (!this.#reader || this.#reader.dead) this.#reader = this.#thread('reader');
    return this.#reader;
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
