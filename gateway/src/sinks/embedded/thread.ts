/** The thread of the embedded store: a writer with its connection, or a reader with its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { FieldlineError } from '@fieldline/protocol';
import { Moved } from './moved.ts';
import { StoreReader } from './store-reader.ts';
import { StoreWriter } from './store-writer.ts';
import type { ThreadData, ThreadMethods, ThreadReply, ThreadRequest } from './thread-messages.ts';

/** What a thread can be asked; an answer may be `Moved`. */
type Served = {
  [Method in keyof ThreadMethods]?: (
    argument: Parameters<ThreadMethods[Method]>[0],
  ) => Answer<Awaited<ReturnType<ThreadMethods[Method]>>>;
};
type Answer<Value> = Value | Promise<Value | Moved<Value>>;

function serveWriter({ path, nowUs }: ThreadData): Served {
  const writer = new StoreWriter(path, nowUs);
  const idle = new IdleWork(() => writer.tidy());
  return {
    cursor: () => writer.cursor(),
    write: (entries) => {
      const startedMs = performance.now();
      writer.write(entries);
      idle.begin(performance.now() - startedMs);
    },
    tidy: () => {
      while (writer.tidy());
    },
    retire: (request) => writer.retire(request),
    close: () => {
      idle.end();
      writer.close();
    },
  };
}

function serveReader({ path }: ThreadData): Served {
  const reader = new StoreReader(path, () => performance.now());
  return {
    query: async (request) => {
      const answer = await reader.query(request);
      return answer.ok ? new Moved(answer, answer.value.columns) : answer;
    },
    page: (request) => reader.page(request),
    counts: () => reader.counts(),
    streams: () => reader.streams(),
    close: () => reader.close(),
  };
}

/** Tidies between the writes: for as long as the write before took, and at least a little. */
class IdleWork {
  static readonly #sliceMs = 20;
  readonly #work: () => boolean;
  #budgetMs = 0;
  #next: NodeJS.Immediate | undefined;

  constructor(work: () => boolean) {
    this.#work = work;
  }

  begin(budgetMs: number): void {
    this.#budgetMs = Math.max(IdleWork.#sliceMs, budgetMs);
    this.#next ??= setImmediate(() => this.#slice());
  }

  end(): void {
    clearImmediate(this.#next);
  }

  #slice(): void {
    const endMs = performance.now() + this.#budgetMs;
    let isMore = true;
    try {
      while (isMore && performance.now() < endMs) isMore = this.#work();
    } catch {
      // A full disk: nothing is lost, and the next write says so and begins anew.
      isMore = false;
    }
    this.#next = undefined;
    if (isMore) this.begin(IdleWork.#sliceMs);
  }
}

interface Reply {
  readonly message: ThreadReply;
  readonly buffers: readonly ArrayBuffer[];
}

async function reply(served: Served, { id, method, argument }: ThreadRequest): Promise<Reply> {
  try {
    // The two sides of the channel share `ThreadMethods`, which pairs each method with its argument.
    const serve = served[method] as ((argument: unknown) => unknown) | undefined;
    const answer = await serve?.(argument);
    if (answer instanceof Moved)
      return { message: { id, ok: true, value: answer.value }, buffers: answer.buffers };
    return { message: { id, ok: true, value: answer }, buffers: [] };
  } catch (error) {
    const code = error instanceof FieldlineError ? error.code : undefined;
    const message = error instanceof Error ? error.message : String(error);
    return { message: { id, ok: false, error: message, code }, buffers: [] };
  }
}

const data = workerData as ThreadData;
const served = data.role === 'writer' ? serveWriter(data) : serveReader(data);
parentPort?.on('message', (request: ThreadRequest) => {
  void reply(served, request).then(({ message, buffers }) => {
    parentPort?.postMessage(message, buffers);
    // Nothing keeps the thread then: it ends by itself, with everything of SQLite put away.
    if (request.method === 'close') parentPort?.close();
  });
});
