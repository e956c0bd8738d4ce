import type { QueryAnswer } from '@fieldline/protocol';
import { fetchHistories, fetchHistory, type Answer, type QueryRange } from './gateway-client.ts';

/** Streams of one request: with the longest names that there are, its address stays below 8 KiB. */
const streamsTogether = 24;

interface Waiting {
  readonly stream: string;
  readonly resolve: (answer: Answer<QueryAnswer>) => void;
}

/**
 * Asks for the histories of streams. What is asked in one turn about one range goes as one request: a browser opens six
 * connections to a gateway, and the charts of a page would wait for each other.
 */
export class HistoryRequests {
  readonly #now: () => number;
  readonly #turns = new Map<string, { readonly range: QueryRange; readonly waiting: Waiting[] }>();
  #momentUs: number | undefined;

  /** @param now the gateway's time in µs */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The gateway's time in µs, the same for all that ask in one turn. */
  momentUs(): number {
    if (this.#momentUs === undefined) {
      this.#momentUs = this.#now();
      queueMicrotask(() => (this.#momentUs = undefined));
    }
    return this.#momentUs;
  }

  /** The history of one stream. */
  ask(stream: string, range: QueryRange): Promise<Answer<QueryAnswer>> {
    const key = JSON.stringify([range.fromUs, range.toUs, range.points, range.quantiles ?? true]);
    const turn = this.#turns.get(key) ?? { range, waiting: [] };
    if (turn.waiting.length === 0) queueMicrotask(() => this.#send(key));
    this.#turns.set(key, turn);
    return new Promise((resolve) => turn.waiting.push({ stream, resolve }));
  }

  #send(key: string): void {
    const turn = this.#turns.get(key);
    this.#turns.delete(key);
    if (!turn) return;
    for (let from = 0; from < turn.waiting.length; from += streamsTogether)
      void askTogether(turn.waiting.slice(from, from + streamsTogether), turn.range);
  }
}

async function askTogether(waiting: readonly Waiting[], range: QueryRange): Promise<void> {
  const streams = [...new Set(waiting.map(({ stream }) => stream))];
  if (streams.length === 1) return askAlone(waiting, range);
  const answer = await fetchHistories(streams, range);
  // What is refused for one of them (too many readings) must not take the others with it.
  if (!answer.ok && answer.status !== undefined) return askAlone(waiting, range);
  const series = new Map(answer.ok ? answer.value.series.map((each) => [each.stream, each]) : []);
  const missing: Waiting[] = [];
  for (const each of waiting) {
    const value = series.get(each.stream);
    if (value) each.resolve({ ok: true, value });
    else if (answer.ok) missing.push(each);
    else each.resolve(answer);
  }
  // A stream that the gateway does not know is left out of its list: asked for alone, it says so.
  askAlone(missing, range);
}

function askAlone(waiting: readonly Waiting[], range: QueryRange): void {
  for (const { stream, resolve } of waiting) void fetchHistory(stream, range).then(resolve);
}
