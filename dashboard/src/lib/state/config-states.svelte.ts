import type { ConfigState } from '@fieldline/protocol';
import { SvelteMap } from 'svelte/reactivity';
import { fetchConfig } from '../api/config-api.ts';

/** A row must stay in sight so long before it is asked about, in ms: a fast scroll asks nothing. */
const restMs = 400;
/** An answer is good for so long, in ms. */
const freshMs = 15_000;

/** How far the configuration of each device in sight has come; others are not asked about. */
export class ConfigStates {
  readonly states = new SvelteMap<string, ConfigState>();
  readonly #askedAtMs = new Map<string, number>();

  /** Keeps the state of `device` fresh until the returned function is called. */
  watch(device: string): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const next = (pauseMs: number) => (timer = setTimeout(() => void ask(), pauseMs));
    const ask = async () => {
      const age = performance.now() - (this.#askedAtMs.get(device) ?? -Infinity);
      if (age >= freshMs) {
        this.#askedAtMs.set(device, performance.now());
        const answer = await fetchConfig(device);
        if (answer.ok) this.states.set(device, answer.value.state);
      }
      if (timer !== undefined) next(freshMs);
    };
    next(restMs);
    return () => {
      clearTimeout(timer);
      timer = undefined;
    };
  }
}
