import type { StoreThread } from './store-thread.ts';
import type { ThreadMethod, ThreadMethods } from './thread-messages.ts';

/** Threads that answer questions: queries are work for the processor, and most machines have two or more. */
const readersMax = 2;

/** Answers questions on a few threads, each with a connection of its own; a thread that died is replaced. */
export class ReaderPool {
  readonly #makeThread: () => StoreThread;
  readonly #readers: { thread: StoreThread; busy: number }[] = [];

  constructor(makeThread: () => StoreThread) {
    this.#makeThread = makeThread;
  }

  /** Starts the first thread, which takes its time to load. */
  warm(): void {
    this.#leastBusy();
  }

  /** Rejects with what the thread threw, or with STORE_WORKER_DIED. */
  async call<Method extends ThreadMethod>(
    method: Method,
    argument: Parameters<ThreadMethods[Method]>[0],
  ): Promise<Awaited<ReturnType<ThreadMethods[Method]>>> {
    const reader = this.#leastBusy();
    reader.busy += 1;
    try {
      return await reader.thread.call(method, argument);
    } finally {
      reader.busy -= 1;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#readers.splice(0).map(({ thread }) => thread.close()));
  }

  #leastBusy(): { thread: StoreThread; busy: number } {
    for (const [index, { thread }] of this.#readers.entries())
      if (thread.dead) this.#readers.splice(index, 1);
    const idlest = this.#readers.toSorted((a, b) => a.busy - b.busy)[0];
    if (idlest && (idlest.busy === 0 || this.#readers.length >= readersMax)) return idlest;
    const fresh = { thread: this.#makeThread(), busy: 0 };
    this.#readers.push(fresh);
    return fresh;
  }
}
