import { createHash } from 'node:crypto';
import { FieldlineError, type Desired, type DryRunAnswer, type Reported } from '@fieldline/protocol';
import type { Timers } from '../bindings/timers.ts';
import type { Logger } from '../logger.ts';
import type { AgentConfig } from './agent-config.ts';
import type { AppliedState, AppliedStore } from './applied-store.ts';
import { readDesired, type ReportedErrors } from './desired-config.ts';
import { dryRun } from './dry-run.ts';
import { drawDryRun } from './dry-run-drawing.ts';
import { SentPoints } from './sent-points.ts';
import type { RecentReadings } from '../aggregator/recent-readings.ts';
import type { StartingConfig } from './starting-config.ts';

/** What remote configuration acts on. */
export interface RemoteConfigOptions {
  readonly store: AppliedStore;
  readonly start: StartingConfig;
  /** Changes the sensors; resolves when the new ones have taken over, with false where a stop came first. */
  changeSensors(config: AgentConfig, version: number): Promise<boolean>;
  /** Changes the rest: flush, outbox, uplink. */
  changeRest(config: AgentConfig): void;
  recordings(): ReadonlyMap<string, RecentReadings>;
  /** Has status and configuration told again. */
  report(): void;
  nowUs(): number;
  readonly timers: Timers;
  readonly logger: Logger;
}

interface Versioned {
  readonly version: number;
  readonly config: AgentConfig;
  /** As it came from the gateway; undefined for the local file. */
  readonly source: unknown;
}

interface Trial extends Versioned {
  readonly digest: string;
  readonly cancel: () => void;
}

type Answer = Pick<Reported, 'version' | 'state' | 'errors'>;

/**
 * Runs what the gateway wants, or says why not:
 *
 *     desired ─► check ─► dry run ─► keep as trial ─► change ─► report ─┬─ acknowledged ─► keep
 *                  └────────┴─────────────┴─► rejected                  └─ deadline ─► change back, rolled-back
 *
 * One at a time; of those that arrive meanwhile only the newest is looked at.
 */
export class RemoteConfig {
  readonly #options: RemoteConfigOptions;
  /** What the device falls back to: the last that has reached the gateway, or the local file. */
  #confirmed: Versioned;
  #running: Versioned;
  #trial: Trial | undefined;
  #answer: Answer;
  #answered: { version: number; digest: string } | undefined;
  #pending: Desired | undefined;
  #work = Promise.resolve();
  #stopped = false;

  constructor(options: RemoteConfigOptions) {
    this.#options = options;
    const { config, version, source, answer } = options.start;
    this.#running = { version, config, source };
    this.#confirmed = this.#running;
    this.#answer = answer;
    this.#answered = options.store.state.answered;
  }

  /** What to report now. */
  reported(): Reported {
    return { ...this.#answer, config: this.#running.config.reported };
  }

  /** The gateway wants a configuration; the same one again changes nothing. */
  desired(message: Desired): void {
    this.#pending = message;
    this.#enqueue(async () => {
      const next = this.#pending;
      this.#pending = undefined;
      if (next !== undefined) await this.#take(next);
    });
  }

  /** The gateway has acknowledged a report: if it told of the trial, the trial has succeeded. */
  acknowledged({ version, state }: Reported): void {
    if (this.#trial?.version === version && state === 'applied') {
      this.#trial.cancel();
      this.#enqueue(() => this.#confirm(version), 'also when stopping');
    }
  }

  /** What a configuration would do, beside what the running one does. Changes nothing. */
  async dryRun(config: unknown): Promise<DryRunAnswer> {
    const about = { recordings: this.#options.recordings(), nowUs: this.#options.nowUs() };
    const now = await dryRun(this.#running.config, about);
    const outcome = readDesired(config, this.#running.config.local);
    if (!outcome.ok) return { ok: false, errors: outcome.errors, now, next: null };
    const sent = new SentPoints();
    const next = await dryRun(outcome.config, about, (blocks) => sent.take(blocks));
    return { ok: true, errors: [], now, next, drawings: await drawDryRun(outcome.config, about, sent) };
  }

  /** Waits for what is under way; a trial is left as one, and taken back at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#trial?.cancel();
    await this.#work;
  }

  #enqueue(task: () => Promise<void>, when: 'while running' | 'also when stopping' = 'while running'): void {
    this.#work = this.#work
      .then(() => (this.#stopped && when === 'while running' ? undefined : task()))
      .catch((cause: unknown) => this.#warn('CONFIG_REMOTE_FAILED', String(cause)));
  }

  async #take({ version, config }: Desired): Promise<void> {
    const digest = digestOf(config);
    const known = this.#trial ?? this.#answered;
    if (known?.version === version && known.digest === digest) return;
    const outcome = readDesired(config, this.#running.config.local);
    if (!outcome.ok) return this.#reject(version, digest, outcome.errors);
    const refusal = await this.#tryOut(outcome.config);
    if (refusal !== undefined) return this.#reject(version, digest, [{ path: '', reason: refusal }]);
    const source = withoutLocal(config, outcome.config);
    const failure = await this.#save({ ...this.#kept(), trial: { version, config: source, digest } });
    if (failure !== undefined) return this.#reject(version, digest, [{ path: '', reason: failure }]);
    this.#trial?.cancel();
    const runs = await this.#run({ version, config: outcome.config, source });
    // It was never tried: after the restart it is handed out again.
    if (!runs) {
      await this.#save(this.#kept());
      return;
    }
    this.#trial = { ...this.#running, digest, cancel: this.#deadline(outcome.config, version) };
    this.#answer = { version, state: 'applied', errors: [] };
    this.#options.logger.info({ version }, 'a configuration of the gateway is applied');
    this.#options.report();
  }

  /** Why a configuration fails on the readings of the last minutes; undefined where it does not. */
  async #tryOut(config: AgentConfig): Promise<string | undefined> {
    const { logger } = this.#options;
    const about = { recordings: this.#options.recordings(), nowUs: this.#options.nowUs() };
    try {
      const { bytesPerSec, batchesPerSec } = await dryRun(config, about);
      logger.info(
        { bytesPerSec, batchesPerSec },
        'a configuration of the gateway was tried on recorded readings',
      );
      return undefined;
    } catch (cause) {
      return `It fails on the readings of the last minutes: ${cause instanceof Error ? cause.message : String(cause)}.`;
    }
  }

  /** False where the agent is stopping meanwhile. */
  async #run(next: Versioned): Promise<boolean> {
    if (!(await this.#options.changeSensors(next.config, next.version)) || this.#stopped) return false;
    this.#options.changeRest(next.config);
    this.#running = next;
    return true;
  }

  async #confirm(version: number): Promise<void> {
    const trial = this.#trial;
    if (trial?.version !== version) return;
    this.#trial = undefined;
    this.#confirmed = { version, config: trial.config, source: trial.source };
    this.#answered = { version, digest: trial.digest };
    const answered = { version, digest: trial.digest, state: 'applied' as const, errors: [] };
    await this.#save({ ...this.#kept(), answered });
  }

  async #rollBack(version: number): Promise<void> {
    const trial = this.#trial;
    if (trial?.version !== version) return;
    this.#trial = undefined;
    const withinSec = trial.config.confirmWithinUs / 1e6;
    const reason = `The gateway was not reached within ${withinSec} s; version ${this.#confirmed.version} runs again.`;
    this.#warn('CONFIG_ROLLED_BACK', reason, version);
    if (!(await this.#run(this.#confirmed))) return;
    await this.#settle(
      { version, state: 'rolled-back', errors: [{ path: 'gateway', reason }] },
      trial.digest,
    );
  }

  async #reject(version: number, digest: string, errors: ReportedErrors): Promise<void> {
    const [first] = errors;
    this.#warn('CONFIG_REJECTED', `${first?.path ?? ''}: ${first?.reason ?? ''}`, version);
    await this.#settle({ version, state: 'rejected', errors }, digest);
  }

  /** Keeps an answer, so that the same configuration is not tried again when it is handed out again. */
  async #settle(answer: Answer, digest: string): Promise<void> {
    this.#answer = answer;
    this.#answered = { version: answer.version, digest };
    const { trial } = this.#options.store.state;
    const kept = this.#trial !== undefined && trial !== undefined ? { trial } : {};
    await this.#save({ ...this.#kept(), ...kept, answered: { ...answer, digest } });
    this.#options.report();
  }

  /** What stays true of the stored state: what the device falls back to. */
  #kept(): AppliedState {
    const { version, source } = this.#confirmed;
    const { answered } = this.#options.store.state;
    return {
      ...(source === undefined ? {} : { running: { version, config: source } }),
      ...(answered ? { answered } : {}),
    };
  }

  /** Why the state could not be kept; undefined where it could. */
  async #save(state: AppliedState): Promise<string | undefined> {
    try {
      await this.#options.store.save(state);
      return undefined;
    } catch (cause) {
      const reason = `It cannot be kept on the device: ${cause instanceof Error ? cause.message : String(cause)}.`;
      this.#warn('CONFIG_REMOTE_FAILED', reason);
      return reason;
    }
  }

  #deadline({ confirmWithinUs }: AgentConfig, version: number): () => void {
    return this.#options.timers.after(confirmWithinUs / 1000, () =>
      this.#enqueue(() => this.#rollBack(version)),
    );
  }

  #warn(
    code: 'CONFIG_REJECTED' | 'CONFIG_ROLLED_BACK' | 'CONFIG_REMOTE_FAILED',
    detail: string,
    version = this.#running.version,
  ): void {
    const error = new FieldlineError(code, { subject: `version ${version}`, detail });
    this.#options.logger.warn({ code, version }, error.message);
  }
}

/** Tells two configurations of one version apart: a gateway that lost its memory counts from 1 again. */
export function digestOf(config: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([config]))
    .digest('hex');
}

/** A gateway address that is the local one stays the local one, also when somebody moves it on the device. */
function withoutLocal(config: unknown, { local }: AgentConfig): unknown {
  if (typeof config !== 'object' || config === null || !('gateway' in config)) return config;
  const { gateway, ...rest } = config;
  if (typeof gateway !== 'object' || gateway === null) return rest;
  const kept = Object.entries(gateway).filter(([key, value]) => key !== 'url' || value !== local.gateway.url);
  return kept.length === 0 ? rest : { ...rest, gateway: Object.fromEntries(kept) };
}
