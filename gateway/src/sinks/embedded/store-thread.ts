import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { FieldlineError } from '@fieldline/protocol';
import type { ThreadData, ThreadMethod, ThreadMethods, ThreadReply } from './thread-messages.ts';

/** How long a thread that was asked to end may take, in milliseconds. */
const endDeadlineMs = 10_000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

type Answer<Method extends ThreadMethod> = Awaited<ReturnType<ThreadMethods[Method]>>;

/** The caller's end of one thread of the store. Calls are answered in order; a thread that dies fails them all. */
export class StoreThread {
  readonly #worker: Worker;
  readonly #path: string;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #death: Error | undefined;

  constructor(data: ThreadData) {
    this.#path = data.path;
    this.#worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: data });
    this.#worker.on('message', (reply: ThreadReply) => this.#answer(reply));
    this.#worker.on('error', (error: unknown) =>
      this.#died(
        error instanceof Error
          ? error
          : new FieldlineError('STORE_WORKER_DIED', { subject: data.path, detail: String(error) }),
      ),
    );
    this.#worker.on('exit', () => this.#died(undefined));
  }

  get dead(): boolean {
    return this.#death !== undefined;
  }

  /**
   * Calls into the thread; typed arrays are copied. Rejects with what the thread threw, or with
   * STORE_WORKER_DIED.
   */
  async call<Method extends ThreadMethod>(
    method: Method,
    argument: Parameters<ThreadMethods[Method]>[0],
  ): Promise<Answer<Method>> {
    if (this.#death) throw this.#death;
    const id = this.#nextId++;
    const value = await new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, method, argument });
    });
    return value as Answer<Method>;
  }

  /**
   * Closes the connection, which checkpoints, and waits until the thread has ended by itself: to terminate a
   * thread with native objects of SQLite in it has crashed whole processes.
   */
  async close(): Promise<void> {
    const signal = AbortSignal.timeout(endDeadlineMs);
    const ended = this.#death ? undefined : once(this.#worker, 'exit', { signal });
    if (!this.#death) await this.call('close', undefined).catch(() => undefined);
    await ended?.catch(() => this.#worker.terminate());
  }

  /** Ends the thread at once, whatever it does; what it writes is rolled back. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(reply: ThreadReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.ok) waiting?.resolve(reply.value);
    else
      waiting?.reject(new FieldlineError('STORE_WRITE_FAILED', { subject: this.#path, detail: reply.error }));
  }

  #died(cause: Error | undefined): void {
    this.#death ??=
      cause instanceof FieldlineError
        ? cause
        : new FieldlineError('STORE_WORKER_DIED', {
            subject: this.#path,
            detail: cause?.message ?? '',
            cause,
          });
    for (const { reject } of this.#waiting.values()) reject(this.#death);
    this.#waiting.clear();
  }
}
