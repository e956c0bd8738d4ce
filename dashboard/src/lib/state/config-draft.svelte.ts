import type { DeviceConfigAnswer, DryRunAnswer } from '@fieldline/protocol';
import { dryRunConfig, fetchConfig, putConfig } from '../api/config-api.ts';
import type { Answer, Failure } from '../api/gateway-client.ts';
import { parseText, rangeOfPath, setInText, toText, type TextProblem } from '../config/config-text.ts';
import {
  differences,
  isConfig,
  mergeThreeWays,
  valueAt,
  withDifferences,
  type Config,
  type Conflict,
  type Difference,
} from '../config/difference.ts';
import { keepDraft, keptDraft } from './draft-store.ts';

/** The text must rest so long before the device is asked to try it, in ms. */
const tryPauseMs = 600;
/** Status of the answer when the device has refused to try a text (`API_DEVICE_REFUSED`). */
const deviceRefused = 502;
/** How often the gateway is asked how far a change has come, in ms: soon while it is under way, seldom else. */
const underWayPauseMs = 500;
const restPauseMs = 5_000;

/** What the configuration of a device shall become, from the first key to the answer of the device. */
export class ConfigDraft {
  readonly device: string;
  /** The text of the editor. */
  text = $state('');
  /** What the gateway says about the device; undefined before its first answer. */
  answer = $state.raw<DeviceConfigAnswer | undefined>();
  /** What the draft was made from: a version of the gateway's (0: what runs), and its content. */
  base = $state.raw<{ readonly version: number; readonly config: Config }>({ version: 0, config: {} });
  /** The device's own opinion of the newest text it could be asked about. */
  trial = $state.raw<DryRunAnswer | undefined>();
  /** Why the last question was not answered. */
  problem = $state.raw<Failure | undefined>();
  /** Why the device could not be asked to try the text. */
  trialProblem = $state.raw<Failure | undefined>();
  /** Somebody else was faster: what both changed. */
  conflicts = $state.raw<readonly Conflict[]>([]);
  /** Somebody else's version, which is newer than that of this draft. */
  newer = $state.raw<{ readonly version: number; readonly config: Config } | undefined>();
  /** What the last change of this page was, once it is set: other devices can be given the same. */
  applied = $state.raw<readonly Difference[]>([]);
  applying = $state(false);
  trying = $state(false);

  /** The text that the device was asked about last, once it has answered or could not be asked. */
  triedText = $state<string | undefined>();
  readonly parsed = $derived(parseText(this.text));
  readonly changes = $derived(this.parsed.ok ? differences(this.base.config, this.parsed.config) : []);
  readonly dirty = $derived(!this.parsed.ok || this.changes.length > 0);
  /** Whether the newest text was tried: what the device found is about it. */
  readonly checked = $derived(this.triedText === this.text);
  /** Everything that is known to be wrong, with its place in the text. */
  readonly problems = $derived.by((): (TextProblem & { readonly path: string })[] => {
    if (!this.parsed.ok) return this.parsed.problems.map((problem) => ({ ...problem, path: '' }));
    const errors = this.checked ? (this.trial?.errors ?? []) : [];
    return errors.map(({ path, reason }) => {
      const [from, to] = rangeOfPath(this.text, path);
      return { from, to, reason, path };
    });
  });

  #timer: ReturnType<typeof setTimeout> | undefined;
  #tryTimer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  /** The trial that the newest text waits for. */
  #running: { readonly text: string; readonly done: Promise<void> } | undefined;
  #closed = false;

  constructor(device: string) {
    this.device = device;
  }

  /** Asks for the configuration, takes up a draft that was kept, and follows what becomes of it until closed. */
  async open(): Promise<void> {
    const answer = await fetchConfig(this.device);
    if (this.#closed) return;
    if (answer.ok) this.#begin(answer.value);
    else this.problem = answer;
    this.#follow();
  }

  /** Takes over another text: from the editor or a form. */
  edit(text: string): void {
    if (text === this.text) return;
    this.text = text;
    keepDraft(
      this.device,
      this.dirty ? { text, version: this.base.version, base: this.base.config } : undefined,
    );
    this.#trySoon();
  }

  /** Sets one value; a path of keys and indexes. */
  set(path: readonly (string | number)[], value: unknown): void {
    this.edit(setInText(this.text, path, value));
  }

  /** Back to what the draft was made from. */
  discard(): void {
    this.conflicts = [];
    const current = this.newer ?? this.base;
    this.newer = undefined;
    this.base = current;
    this.edit(toText(current.config));
    keepDraft(this.device, undefined);
  }

  /**
   * Sets what the device shall run, once the device has tried it or could not be asked. What the device finds wrong is
   * not set, nor what was written on or joined meanwhile; what the gateway refuses stays as it is.
   */
  async apply(): Promise<void> {
    if (this.applying) return;
    this.applying = true;
    const { text, base } = this;
    try {
      const isTried = this.checked || (await this.#tryNow());
      const isSame = this.checked && this.text === text && this.base === base;
      if (this.parsed.ok && isTried && isSame && this.problems.length === 0)
        await this.#put(this.parsed.config);
    } finally {
      this.applying = false;
      this.#follow();
    }
  }

  /** Joins the draft with the newer version; `chosen` says whose value is taken at each conflict. */
  join(chosen: (conflict: Conflict) => 'mine' | 'theirs'): void {
    const { newer, parsed } = this;
    if (!newer || !parsed.ok) return;
    const { merged, conflicts } = mergeThreeWays(this.base.config, parsed.config, newer.config);
    const theirs = conflicts.filter((conflict) => chosen(conflict) === 'theirs');
    const wanted = theirs.map(({ path }) => ({ path, from: undefined, to: valueAt(newer.config, path) }));
    const joined = withDifferences(merged, wanted).config;
    this.base = newer;
    this.newer = undefined;
    this.conflicts = [];
    this.problem = undefined;
    this.edit(toText(joined));
  }

  /** Nothing is asked any more; the draft is kept. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#tryTimer);
  }

  async #put(config: Config): Promise<void> {
    const answer = await putConfig(this.device, config, this.base.version);
    this.problem = answer.ok ? undefined : answer;
    if (answer.ok) {
      keepDraft(this.device, undefined);
      this.applied = differences(this.base.config, config);
      this.base = { version: answer.value.desired?.version ?? 0, config };
      this.answer = answer.value;
      this.newer = undefined;
      this.conflicts = [];
    } else if (answer.status === 409) await this.#meetNewer();
  }

  #begin(answer: DeviceConfigAnswer): void {
    this.answer = answer;
    const current = currentOf(answer);
    const kept = keptDraft(this.device);
    this.base = kept ? { version: kept.version, config: kept.base } : current;
    this.text = kept?.text ?? toText(current.config);
    if (kept && kept.version !== current.version) this.#meet(current);
    void this.#try();
  }

  /** Asks again: every so often, and at once while a change is under way. */
  #follow(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const { state } = this.answer ?? {};
    const isUnderWay = state === 'waiting' || state === 'delivered';
    this.#timer = setTimeout(() => void this.#refresh(), isUnderWay ? underWayPauseMs : restPauseMs);
  }

  async #refresh(): Promise<void> {
    const answer = await fetchConfig(this.device);
    if (this.#closed) return;
    if (answer.ok && this.answer === undefined) this.#begin(answer.value);
    else if (answer.ok) this.#renew(answer.value);
    this.#follow();
  }

  #renew(answer: DeviceConfigAnswer): void {
    this.answer = answer;
    const current = currentOf(answer);
    if (current.version === this.base.version || current.version === this.newer?.version) return;
    if (this.dirty) this.#meet(current);
    else {
      this.base = current;
      this.text = toText(current.config);
    }
  }

  async #meetNewer(): Promise<void> {
    const answer = await fetchConfig(this.device);
    if (!answer.ok) return;
    this.answer = answer.value;
    this.#meet(currentOf(answer.value));
  }

  #meet(newer: { readonly version: number; readonly config: Config }): void {
    this.newer = newer;
    if (this.parsed.ok) {
      this.conflicts = mergeThreeWays(this.base.config, this.parsed.config, newer.config).conflicts;
    }
  }

  #trySoon(): void {
    clearTimeout(this.#tryTimer);
    this.#tryTimer = setTimeout(() => void this.#try(), tryPauseMs);
  }

  /** Tries the text as it is, or waits for that trial; false where the device would not try it at all: that has to be seen first. */
  async #tryNow(): Promise<boolean> {
    if (this.#running?.text === this.text) await this.#running.done;
    else await this.#try();
    return this.trialProblem?.status !== deviceRefused;
  }

  async #try(): Promise<void> {
    clearTimeout(this.#tryTimer);
    if (!this.parsed.ok) return;
    const done = this.#ask(this.text, this.parsed.config);
    this.#running = { text: this.text, done };
    await done;
  }

  async #ask(text: string, config: Config): Promise<void> {
    this.#tries += 1;
    const mine = this.#tries;
    this.trying = true;
    const answer: Answer<DryRunAnswer> = await dryRunConfig(this.device, config);
    if (mine !== this.#tries || this.#closed) return;
    this.#running = undefined;
    this.trying = false;
    this.trial = answer.ok ? answer.value : undefined;
    this.trialProblem = answer.ok ? undefined : answer;
    this.triedText = text;
  }
}

/** What a change is made from: what the device shall run, else what it runs. */
export function currentOf({ desired, reported }: DeviceConfigAnswer): { version: number; config: Config } {
  if (desired) return { version: desired.version, config: isConfig(desired.config) ? desired.config : {} };
  return { version: 0, config: isConfig(reported?.config) ? reported.config : {} };
}
