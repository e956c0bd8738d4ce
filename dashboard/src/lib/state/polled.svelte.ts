import type { Answer } from '../api/gateway-client.ts';

/** An answer of the gateway that is asked for again and again while the page is visible. */
export class Polled<Value> {
  answer = $state.raw<Value | undefined>();
  /** Why the last request failed; undefined where it did not. */
  problem = $state<string | undefined>();
  readonly #ask: () => Promise<Answer<Value>>;
  readonly #pauseMs: number;

  /** `pauseMs`: from an answer to the next question. */
  constructor(ask: () => Promise<Answer<Value>>, pauseMs: number) {
    this.#ask = ask;
    this.#pauseMs = pauseMs;
  }

  /** Asks until the returned function is called. */
  start(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const poll = async () => {
      if (!document.hidden) await this.renew();
      if (!stopped) timer = setTimeout(() => void poll(), this.#pauseMs);
    };
    void poll();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }

  /** Asks once, now. */
  async renew(): Promise<void> {
    const answer = await this.#ask();
    if (answer.ok) this.answer = answer.value;
    this.problem = answer.ok ? undefined : answer.detail;
  }
}
