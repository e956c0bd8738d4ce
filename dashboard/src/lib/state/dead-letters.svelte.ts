import type { DeadLetter } from '@fieldline/protocol';
import {
  discardDeadLetter,
  fetchDeadLetters,
  replayDeadLetter,
  type DeadLetterQuestion,
} from '../api/dead-letters-api.ts';
import { texts } from '../texts/en.ts';
import type { Router } from './router.svelte.ts';

/** Rows at first, and how many each step shows more. */
export const rowsStep = 50;
/** The most that the gateway gives at once. */
export const mostRows = 1000;
/** From an answer to the next question, in ms. */
const pauseMs = 5_000;

/**
 * The dead letters that an address asks for: `?device=ID&code=CODE&n=ROWS&open=NUMBER`; and what is done about them.
 */
export class DeadLetters {
  letters = $state.raw<readonly DeadLetter[] | undefined>();
  /** Reasons that were seen: a choice stays while another one hides it. */
  codes = $state.raw<ReadonlySet<string>>(new Set());
  /** Whether there are more than were asked for. */
  hasMore = $state(false);
  /** Why the last question has no answer. */
  problem = $state<string | undefined>();
  /** What became of the last action, for people. */
  told = $state<{ readonly text: string; readonly isBad: boolean } | undefined>();
  /** The letter about which something is under way. */
  busy = $state<number | undefined>();
  readonly #router: Router;
  readonly #query = $derived.by(() => this.#router.route.query);
  readonly device = $derived.by(() => this.#query.get('device') ?? '');
  readonly code = $derived.by(() => this.#query.get('code') ?? '');
  readonly rows = $derived.by(() => rowsOf(this.#query.get('n')));
  /** The letter that is shown whole. */
  readonly open = $derived.by(() => Number(this.#query.get('open') ?? NaN));
  #request = 0;

  constructor(router: Router) {
    this.#router = router;
  }

  /** Asks now, and again and again, until the returned function is called; call it anew for another question. */
  follow(question: DeadLetterQuestion): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const poll = async (): Promise<void> => {
      if (!document.hidden) await this.load(question);
      if (!stopped) timer = setTimeout(() => void poll(), pauseMs);
    };
    void poll();
    return () => {
      stopped = true;
      this.#request += 1;
      clearTimeout(timer);
    };
  }

  /** Asks once; the answer to an older question is passed over. */
  async load(question: DeadLetterQuestion): Promise<void> {
    this.#request += 1;
    const request = this.#request;
    const answer = await fetchDeadLetters(question);
    if (request !== this.#request) return;
    this.problem = answer.ok ? undefined : answer.detail;
    if (!answer.ok) return;
    this.letters = answer.value.deadLetters;
    this.codes = new Set([...this.codes, ...this.letters.map(({ code }) => code)]);
    this.hasMore = answer.value.next !== null;
  }

  /** Changes one part of the address. */
  set(key: 'device' | 'code' | 'n' | 'open', value: string): void {
    this.#router.setQuery(
      (query) => {
        if (value === '') query.delete(key);
        else query.set(key, value);
      },
      { replace: key !== 'open' },
    );
  }

  /** Gives a letter to ingest again. */
  async replay(id: number): Promise<void> {
    await this.#act(id, async () => {
      const answer = await replayDeadLetter(id);
      if (!answer.ok) return { text: texts.deadLetters.notDone(id, answer.detail), isBad: true };
      const { outcome, code, detail } = answer.value;
      return outcome === 'refused'
        ? { text: texts.deadLetters.refusedAgain(id, `${code ?? ''} ${detail}`.trim()), isBad: true }
        : { text: texts.deadLetters.outcomes[outcome](id), isBad: false };
    });
  }

  /** Throws a letter away. */
  async discard(id: number): Promise<void> {
    await this.#act(id, async () => {
      const answer = await discardDeadLetter(id);
      return answer.ok
        ? { text: texts.deadLetters.discarded(id), isBad: false }
        : { text: texts.deadLetters.notDone(id, answer.detail), isBad: true };
    });
  }

  async #act(id: number, action: () => Promise<{ text: string; isBad: boolean }>): Promise<void> {
    if (this.busy !== undefined) return;
    this.busy = id;
    this.told = await action();
    this.busy = undefined;
    await this.load({ device: this.device, code: this.code, limit: this.rows });
  }
}

function rowsOf(text: string | null): number {
  const rows = Number(text ?? rowsStep);
  return Number.isInteger(rows) && rows >= rowsStep ? Math.min(rows, mostRows) : rowsStep;
}
