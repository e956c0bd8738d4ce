import { isDeepStrictEqual } from 'node:util';
import {
  accepted,
  FieldlineError,
  refused,
  statusTopic,
  type ErrorCode,
  type Result,
} from '@fieldline/protocol';
import type { MqttClient } from 'mqtt';
import type { DeviceIdentity, TlsIdentity } from '../claim/device-identity.ts';
import type { Logger } from '../logger.ts';
import { Backoff, type BackoffLimits } from '../retry/backoff.ts';
import { connectOnce, type ConnectionOptions, type ConnectionOutcome } from './connection.ts';
import { Session, type SessionOptions } from './session.ts';

/** What a change of configuration may change of an uplink. */
export interface UplinkSettings {
  readonly gateway: { readonly url: string; readonly password: string };
  readonly keepaliveSec: number;
  readonly backlogBatchesPerSec: number;
  readonly inFlightMax: number;
}

/** What an uplink stands on. */
export interface UplinkOptions
  extends Omit<SessionOptions, 'counters' | 'report' | 'ackDeadlineMs'>, UplinkSettings {
  readonly logger: Logger;
  /** What to show over TLS, asked before each attempt; without it, the password alone. */
  readonly identity?: Pick<DeviceIdentity, 'ready' | 'endOf' | 'stop'>;
  readonly backoff?: BackoffLimits;
  /** How long a connection must stand before the backoff starts again from its first wait. */
  readonly stableMs?: number;
  /** A batch that is not acknowledged for so long ends the connection. */
  readonly ackDeadlineMs?: number;
}

const backoffDefault: BackoffLimits = { firstMs: 250, maxMs: 30_000 };
const stableDefaultMs = 10_000;
const ackDeadlineDefaultMs = 30_000;
const connectTimeoutMs = 10_000;
/** How often a stop looks whether the outbox is empty. */
const drainCheckMs = 20;
/** How long a good-bye may take. */
const goodbyeMs = 1000;

/**
 * Keeps one MQTT connection to the gateway, and empties the outbox over it: new batches at once on the live
 * lane, older ones beside it on the backlog lane at a capped rate. QoS 1, clean session; a batch leaves the
 * outbox at its PUBACK. Backs off with jitter after failures and after kicks alike.
 */
export class Uplink {
  readonly counters = { connects: 0, failures: 0, sent: 0, acknowledged: 0 };
  #options: UplinkOptions;
  /** Aborts when the settings change: an attempt with the old ones is of no use any more. */
  #changed = new AbortController();
  readonly #backoff: Backoff;
  readonly #stopping = new AbortController();
  #session: Session | undefined;
  /** What the newest attempt has shown over TLS. */
  #shown: TlsIdentity | undefined;
  #lastReported: ErrorCode | undefined;
  #running: Promise<void> | undefined;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.backoff ?? backoffDefault);
  }

  /** Whether the gateway can be reached now. */
  get isOnline(): boolean {
    return this.#session !== undefined;
  }

  /** Starts connecting, for as long as `stop` is not called. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Goes on with other settings: connects anew where they differ. */
  change(settings: UplinkSettings): void {
    const { gateway, keepaliveSec, backlogBatchesPerSec, inFlightMax } = this.#options;
    const last = { gateway, keepaliveSec, backlogBatchesPerSec, inFlightMax };
    if (isDeepStrictEqual(last, settings)) return;
    this.#options = { ...this.#options, ...settings };
    this.#backoff.reset();
    this.#changed.abort();
    this.#changed = new AbortController();
    this.#session?.end();
  }

  /** Tells the gateway status and configuration again; where there is no connection, the next one does. */
  report(): void {
    this.#session?.report();
  }

  /**
   * Waits until the outbox is empty, at most `deadlineMs`, says good-bye and disconnects. Does not wait where
   * there is no connection: the outbox keeps the rest.
   */
  async stop(deadlineMs: number): Promise<void> {
    await this.#drain(deadlineMs);
    this.#stopping.abort();
    this.#options.identity?.stop();
    const session = this.#session;
    if (session !== undefined) {
      await Promise.race([session.sayGoodbye().catch(() => undefined), this.#after(goodbyeMs)]);
      session.end();
    }
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const { signal: changed } = this.#changed;
      const outcome = await this.#connect(AbortSignal.any([signal, changed]));
      if (outcome.kind === 'connected' && changed.aborted) {
        outcome.client.end(true);
      } else if (outcome.kind === 'connected') {
        await this.#serve(outcome.client);
      } else if (!changed.aborted) {
        this.counters.failures += 1;
        if (outcome.code !== 'UPLINK_REFUSED' || !this.#reportCertificate())
          this.#report(outcome.code, outcome.detail);
      }
      await this.#pause(this.#backoff.nextMs());
    }
  }

  async #connect(signal: AbortSignal): Promise<ConnectionOutcome> {
    const { identity } = this.#options;
    const ready = identity ? await identity.ready().catch(notReady) : accepted(undefined);
    if (!ready.ok) return { kind: 'failed', ...ready.refusal };
    if (signal.aborted)
      return { kind: 'failed', code: 'UPLINK_UNREACHABLE', detail: 'It is not wanted any more.' };
    this.#shown = ready.value;
    return connectOnce({ ...this.#connectionOptions(), tls: ready.value }, signal);
  }

  /** Works over one connection until it ends. */
  async #serve(client: MqttClient): Promise<void> {
    const { gateway, logger, timers, stableMs = stableDefaultMs } = this.#options;
    const { ackDeadlineMs = ackDeadlineDefaultMs } = this.#options;
    const { counters } = this;
    const report = (code: ErrorCode, detail: string): void => this.#report(code, detail);
    const session = new Session(client, { ...this.#options, ackDeadlineMs, counters, report });
    this.#session = session;
    this.counters.connects += 1;
    this.#lastReported = undefined;
    logger.info({ url: gateway.url }, 'connected to the gateway');
    const cancelStable = timers.after(stableMs, () => this.#backoff.reset());
    await session.run();
    cancelStable();
    this.#session = undefined;
    if (!this.#reportCertificate()) this.#report('UPLINK_DISCONNECTED', '');
  }

  /** MQTT 3.1.1 has no word for why a broker hangs up; where the certificate has ended, the device knows by itself. */
  #reportCertificate(): boolean {
    const end = this.#shown && this.#options.identity?.endOf(this.#shown);
    if (!end) return false;
    const next = end.hasNext ? 'There is a next one.' : 'There is no next one.';
    this.#report('UPLINK_CERTIFICATE_EXPIRED', `It counted until ${end.endedAt}. ${next}`);
    return true;
  }

  async #drain(deadlineMs: number): Promise<void> {
    const { outbox, memory } = this.#options;
    const queues = [outbox, memory];
    const checks = Math.ceil(deadlineMs / drainCheckMs);
    for (let check = 0; check < checks; check++) {
      const isEmpty = queues.every(({ firstWaiting, nextOffset }) => firstWaiting >= nextOffset);
      if (!this.isOnline || isEmpty) return;
      await this.#after(drainCheckMs);
    }
  }

  #after(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.#options.timers.after(delayMs, resolve));
  }

  #pause(delayMs: number): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, this.#changed.signal]);
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#options.timers.after(delayMs, done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  /** Once a burst: the same failure is not logged again before something else happened. */
  #report(code: ErrorCode, detail: string): void {
    if (code === this.#lastReported || this.#stopping.signal.aborted) return;
    this.#lastReported = code;
    const error = new FieldlineError(code, { subject: this.#options.gateway.url, detail });
    this.#options.logger.warn({ code }, error.message);
  }

  #connectionOptions(): ConnectionOptions {
    const { device, gateway, keepaliveSec } = this.#options;
    const will = { topic: statusTopic(device), payload: JSON.stringify(this.#options.status(false)) };
    return { url: gateway.url, device, password: gateway.password, keepaliveSec, connectTimeoutMs, will };
  }
}

/** A disk that fails while an identity is kept is tried again like a gateway that is away. */
function notReady(cause: unknown): Result<undefined> {
  return refused('UPLINK_CLAIM_FAILED', String(cause));
}
