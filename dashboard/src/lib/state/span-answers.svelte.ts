import type { Answer } from '../api/gateway-client.ts';
import type { TimeSpan } from '../series/time-span.ts';
import type { TimeChoice } from './time-address.ts';
import type { TimeView } from './time-view.svelte.ts';

/** The axis must rest so long before anything is asked about it, in ms. */
const restMs = 200;

/** What is asked about each stream over the axis of a page: again when the axis changes, and now and then while it lives. */
export class SpanAnswers<Value> {
  /** The newest answers by stream. */
  answers = $state.raw<ReadonlyMap<string, Value>>(new Map());
  readonly #view: TimeView;
  readonly #now: () => number;
  readonly #ask: (stream: string, span: TimeSpan) => Promise<Answer<Value>>;
  readonly #liveEveryMs: number;

  constructor(options: {
    view: TimeView;
    now: () => number;
    ask: (stream: string, span: TimeSpan) => Promise<Answer<Value>>;
    liveEveryMs: number;
  }) {
    this.#view = options.view;
    this.#now = options.now;
    this.#ask = options.ask;
    this.#liveEveryMs = options.liveEveryMs;
  }

  /** Asks about `streams` until the returned function is called; call it anew for another `choice` of the axis. */
  follow(streams: readonly string[], choice: TimeChoice): () => void {
    let stopped = false;
    const ask = async (): Promise<void> => {
      const span = this.#view.spanAt(this.#now());
      const found = await Promise.all(
        streams.map(async (stream) => [stream, await this.#ask(stream, span)] as const),
      );
      if (stopped) return;
      this.answers = new Map(
        found.flatMap(([stream, answer]) => (answer.ok ? [[stream, answer.value]] : [])),
      );
      if (choice.kind === 'live') timer = setTimeout(() => void ask(), this.#liveEveryMs);
    };
    let timer = setTimeout(() => void ask(), restMs);
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }
}
