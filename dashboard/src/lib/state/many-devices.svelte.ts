import type { ConfigState } from '@fieldline/protocol';
import { SvelteMap } from 'svelte/reactivity';
import { fetchConfig, putConfig } from '../api/config-api.ts';
import { showPath, withDifferences, type Difference } from '../config/difference.ts';
import { currentOf } from './config-draft.svelte.ts';

/** Devices that are changed at the same time. */
const atOnce = 4;
/** How often the gateway is asked whether a device has answered, in ms, and how many times. */
const askPauseMs = 1_000;
const mostQuestions = 90;

/** How far one device is: on the way, as its configuration stands, or not changed and why. */
export type DeviceOutcome =
  | { readonly kind: 'asking' }
  | { readonly kind: 'state'; readonly state: ConfigState; readonly reason: string }
  | { readonly kind: 'unchanged'; readonly reason: string };

/** The same change for many devices: each gets it in its own configuration, from its own version. */
export class ManyDevices {
  readonly outcomes = new SvelteMap<string, DeviceOutcome>();
  applying = $state(false);

  /** Applies `changes` to each of `devices`; a device that has no place for a change is left as it is. */
  async apply(devices: readonly string[], changes: readonly Difference[]): Promise<void> {
    this.applying = true;
    for (const device of devices) this.outcomes.set(device, { kind: 'asking' });
    const waiting = [...devices];
    const work = async () => {
      for (let device = waiting.shift(); device !== undefined; device = waiting.shift()) {
        await this.#applyTo(device, changes);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    this.applying = false;
  }

  async #applyTo(device: string, changes: readonly Difference[]): Promise<void> {
    const unchanged = (reason: string) => this.outcomes.set(device, { kind: 'unchanged', reason });
    const known = await fetchConfig(device);
    if (!known.ok) return void unchanged(known.detail);
    const { version, config } = currentOf(known.value);
    const { config: wanted, misplaced } = withDifferences(config, changes);
    if (misplaced.length > 0) return void unchanged(misplaced.map(({ path }) => showPath(path)).join(', '));
    const answer = await putConfig(device, wanted, version);
    if (!answer.ok) return void unchanged(answer.detail);
    await this.#await(device);
  }

  async #await(device: string): Promise<void> {
    for (let question = 0; question < mostQuestions; question += 1) {
      const answer = await fetchConfig(device);
      if (answer.ok) {
        const { state, reported } = answer.value;
        const isUnderWay = state === 'waiting' || state === 'delivered';
        const refused = state === 'rejected' || state === 'rolled-back';
        const reason = refused
          ? (reported?.errors ?? []).map((each) => `${each.path}: ${each.reason}`).join('; ')
          : '';
        this.outcomes.set(device, { kind: 'state', state, reason });
        if (!isUnderWay) return;
      }
      await new Promise((resolve) => setTimeout(resolve, askPauseMs));
    }
  }
}
