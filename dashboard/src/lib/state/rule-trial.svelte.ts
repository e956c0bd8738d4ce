import type { AlertRuleDraft, AlertTestAnswer } from '@fieldline/protocol';
import { testAlertRule } from '../api/alerts-api.ts';
import type { TimeView } from './time-view.svelte.ts';

/** The rule and the axis must rest so long before the rule is tried, in ms. */
const restMs = 400;
/** While the axis lives: from an answer to the next trial, in ms. */
const liveEveryMs = 10_000;

/** When the rule that is edited would have fired within the axis of the page. */
export class RuleTrial {
  answer = $state.raw<AlertTestAnswer | undefined>();
  problem = $state<string | undefined>();
  asking = $state(false);
  readonly #view: TimeView;
  readonly #now: () => number;

  constructor(view: TimeView, now: () => number) {
    this.#view = view;
    this.#now = now;
  }

  /** Tries it until the returned function is called; call it anew for another rule or another stretch. */
  follow(draft: AlertRuleDraft | undefined, isLive: boolean): () => void {
    if (!draft) {
      this.answer = undefined;
      this.problem = undefined;
      return () => undefined;
    }
    let stopped = false;
    const ask = async (): Promise<void> => {
      this.asking = true;
      const answer = await testAlertRule(draft, this.#view.spanAt(this.#now()));
      if (stopped) return;
      this.asking = false;
      this.problem = answer.ok ? undefined : answer.detail;
      this.answer = answer.ok ? answer.value : undefined;
      if (isLive && answer.ok) timer = setTimeout(() => void ask(), liveEveryMs);
    };
    let timer = setTimeout(() => void ask(), restMs);
    return () => {
      stopped = true;
      this.asking = false;
      clearTimeout(timer);
    };
  }
}
