import { dryRunConfig } from '../api/config-api.ts';
import { isConfig, type Config } from '../config/difference.ts';
import { sensorsOf } from '../config/form-schema.ts';
import {
  settingsOf,
  suggest,
  type Measured,
  type Method,
  type Suggestion,
  type Wish,
} from '../config/suggest.ts';
import { methodKeys, withKeys, type StreamPlace } from '../config/with-method.ts';
import type { ConfigDraft } from './config-draft.svelte.ts';

const secondsADay = 86_400;

/** A proposal for one stream of the draft, found by asking the device to try settings on its last readings. */
export class SuggestionSearch {
  searching = $state(false);
  found = $state.raw<Suggestion | undefined>();
  /** True where the device did not answer. */
  failed = $state(false);
  readonly #draft: ConfigDraft;

  constructor(draft: ConfigDraft) {
    this.#draft = draft;
  }

  /** Searches; `stream` is `sensor/quantity`. */
  async search(stream: string, method: Method, wish: Wish): Promise<void> {
    const { parsed, trial } = this.#draft;
    const place = parsed.ok ? placeOf(parsed.config, stream) : undefined;
    if (!parsed.ok || !place) return;
    const drawing = trial?.drawings?.find((each) => `${each.sensor}/${each.quantity}` === stream);
    const values = drawing?.raw.v ?? [];
    const range = values.length > 0 ? Math.max(...values) - Math.min(...values) : 0;
    this.searching = true;
    this.failed = false;
    this.found = await suggest(settingsOf(method, wish, range), wish, (setting) =>
      this.#measure(withKeys(parsed.config, methodKeys(parsed.config, place, { method, setting })), stream),
    );
    this.failed = this.found === undefined;
    this.searching = false;
  }

  /** Puts the proposal into the draft. */
  use(stream: string, method: Method): void {
    const { parsed } = this.#draft;
    const place = parsed.ok ? placeOf(parsed.config, stream) : undefined;
    if (!parsed.ok || !place || !this.found) return;
    for (const { path, value } of methodKeys(parsed.config, place, { method, setting: this.found.setting })) {
      this.#draft.set(path, value);
    }
    this.found = undefined;
  }

  async #measure(config: Config, stream: string): Promise<Measured | undefined> {
    const answer = await dryRunConfig(this.#draft.device, config);
    if (!answer.ok) return undefined;
    const drawing = answer.value.drawings?.find((each) => `${each.sensor}/${each.quantity}` === stream);
    const figures = answer.value.next?.sensors.find(({ sensor }) => sensor === drawing?.sensor);
    if (!drawing || !figures || figures.spanSec <= 0) return undefined;
    return { worstError: drawing.worstError ?? Infinity, bytesPerDay: figures.bytesPerSec * secondsADay };
  }
}

function placeOf(config: Config, stream: string): StreamPlace | undefined {
  const [id, quantity = ''] = stream.split('/');
  const found = sensorsOf(config).find(({ sensor }) => isConfig(sensor) && sensor['id'] === id);
  return found && { index: found.index, quantity };
}
