import type { Answer } from '../api/gateway-client.ts';

/** What became of an action, for people. */
export interface Told {
  readonly text: string;
  readonly isBad: boolean;
}

/** One action at a time, and what became of the last one. */
export class Doing {
  told = $state.raw<Told | undefined>();
  busy = $state(false);
  readonly #done: () => void | Promise<void>;

  /** @param done called after each action that succeeded: what is shown is asked for anew */
  constructor(done: () => void | Promise<void>) {
    this.#done = done;
  }

  /** Does it, unless something is under way. True where it succeeded; `said` is told then. */
  async run(action: () => Promise<Answer<unknown>>, said = ''): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    const answer = await action();
    this.busy = false;
    this.told = answer.ok ? { text: said, isBad: false } : { text: answer.detail, isBad: true };
    if (answer.ok) await this.#done();
    return answer.ok;
  }
}
