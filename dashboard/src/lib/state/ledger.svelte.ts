import type { LedgerAnswer } from '@fieldline/protocol';
import { fetchLedger } from '../api/gateway-client.ts';

/** The time between two requests, in ms. */
const pollMs = 2_000;

/** The account of all readings, asked for again and again while the page is visible. */
export class Ledger {
  answer = $state.raw<LedgerAnswer | undefined>();
  /** Why the last request failed; undefined where it did not. */
  problem = $state<string | undefined>();

  /** Asks until the returned function is called. */
  start(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const poll = async () => {
      if (!document.hidden) await this.#load();
      if (!stopped) timer = setTimeout(() => void poll(), pollMs);
    };
    void poll();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }

  async #load(): Promise<void> {
    const answer = await fetchLedger();
    if (answer.ok) this.answer = answer.value;
    this.problem = answer.ok ? undefined : answer.detail;
  }
}
