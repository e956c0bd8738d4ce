/** The thread of the embedded store: a writer with its connection, or a reader with its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { accepted, FieldlineError, refused, type QueryAnswer, type Result } from '@fieldline/protocol';
import { answerQuery } from '../../query/answer-query.ts';
import { queryLimits, type QueryRequest } from '../../query/store.ts';
import { openDatabase } from './open-database.ts';
import { RowSource } from './row-source.ts';
import { StoreWriter } from './store-writer.ts';
import type { ThreadData, ThreadMethods, ThreadReply, ThreadRequest } from './thread-messages.ts';

type Served = Partial<ThreadMethods>;

function serveWriter({ path, nowUs }: ThreadData): Served {
  const writer = new StoreWriter(path, nowUs);
  return {
    cursor: () => writer.cursor(),
    write: (entries) => writer.write(entries),
    counts: () => writer.counts(),
    streams: () => writer.streams(),
    close: () => writer.close(),
  };
}

function serveReader({ path }: ThreadData): Served {
  const database = openDatabase(path, 'reader');
  const query = async (request: QueryRequest): Promise<Result<QueryAnswer>> => {
    const source = RowSource.open(database, request);
    if (!source) {
      const { device, sensor, quantity } = request;
      return refused('QUERY_UNKNOWN_STREAM', `${device}/${sensor}/${quantity}`);
    }
    if (source.rows() > queryLimits.scanRowsMax) {
      return refused('QUERY_TOO_LARGE', `More than ${queryLimits.scanRowsMax} rows lie in the range.`);
    }
    return accepted(await answerQuery(request, source));
  };
  return { query, close: () => database.close() };
}

async function reply(served: Served, { id, method, argument }: ThreadRequest): Promise<ThreadReply> {
  try {
    // The two sides of the channel share `ThreadMethods`, which pairs each method with its argument.
    const serve = served[method] as ((argument: unknown) => unknown) | undefined;
    return { id, ok: true, value: await serve?.(argument) };
  } catch (error) {
    const code = error instanceof FieldlineError ? error.code : undefined;
    return { id, ok: false, error: error instanceof Error ? error.message : String(error), code };
  }
}

const data = workerData as ThreadData;
const served = data.role === 'writer' ? serveWriter(data) : serveReader(data);
parentPort?.on('message', (request: ThreadRequest) => {
  void reply(served, request).then((answer) => {
    parentPort?.postMessage(answer);
    // Nothing keeps the thread then: it ends by itself, with everything of SQLite put away.
    if (request.method === 'close') parentPort?.close();
  });
});
