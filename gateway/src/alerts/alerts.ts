import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import {
  refused,
  type Alert,
  type AlertDelivery,
  type AlertRuleDraft,
  type AlertRulesAnswer,
  type AlertSilence,
  type AlertsAnswer,
  type AlertTestAnswer,
  type AlertRule,
  type Result,
} from '@fieldline/protocol';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { AlertChannelConfig } from '../config/gateway-config.ts';
import { BurstLog } from '../logging/burst-log.ts';
import type { Counter } from '../parts.ts';
import type { Store } from '../query/store.ts';
import type { Sink } from '../sinks/sink.ts';
import type { HistoryFilter, KeptAlert } from './alert-book.ts';
import { alertCounters } from './alert-counters.ts';
import { AlertEngine } from './alert-engine.ts';
import { openAlertTables } from './alert-tables.ts';
import { AlertWatch, type AlertSources } from './alert-watch.ts';
import { backTest } from './back-test.ts';
import { openChannels } from './delivery/channels.ts';
import { Deliverer, deliveryLimits } from './delivery/deliverer.ts';
import { DeliveryBook } from './delivery/delivery-book.ts';
import { RuleBook } from './rule-book.ts';
import { SilenceBook } from './silence-book.ts';

/** How often the clock judges silence and deliveries are looked at. */
const tickMs = 1000;

/** What alerts are made from. */
export interface AlertsOptions {
  readonly database: DatabaseSync;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly channels: Readonly<Record<string, AlertChannelConfig>>;
  readonly nextOffset: () => number;
}

/**
 * Rules, what they found, and who is told:
 *
 * ```
 * journal ─► sink runner ─► engine ─► alerts, deliveries (one transaction with the offset)
 * clock ──► watch: devices, stages, ledger ─┘                 │
 *                                   deliverer ─► webhook, mail, MQTT
 * ```
 */
export class Alerts {
  readonly #options: AlertsOptions;
  readonly #rules: RuleBook;
  readonly #silences: SilenceBook;
  readonly #deliveries: DeliveryBook;
  readonly #engine: AlertEngine;
  readonly #deliverer: Deliverer;
  readonly #channels: ReturnType<typeof openChannels>;
  #sources: (AlertSources & { readonly store: Pick<Store, 'query'> }) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AlertsOptions) {
    const { database, clock, logger } = options;
    this.#options = options;
    openAlertTables(database);
    this.#channels = openChannels(options.channels);
    this.#rules = new RuleBook(database, this.#channels.keys());
    this.#silences = new SilenceBook(database);
    this.#deliveries = new DeliveryBook(database);
    this.#deliverer = new Deliverer({
      book: this.#deliveries,
      channels: this.#channels,
      bursts: new BurstLog(logger, clock),
      nowUs: () => clock.nowUs(),
      random: () => randomBytes(4).readUInt32LE() / 2 ** 32,
    });
    this.#engine = new AlertEngine({
      ...options,
      rules: this.#rules,
      silences: this.#silences,
      deliveries: this.#deliveries,
      onEnqueued: () => this.#deliverer.poke(),
    });
  }

  /** What hears the journal: one sink more, with a runner of its own. */
  get sink(): Sink {
    return this.#engine;
  }

  /** Begins to watch the clock, and to send. */
  start(sources: AlertSources & { readonly store: Pick<Store, 'query'> }): void {
    this.#sources = sources;
    const { clock, logger } = this.#options;
    const watch = new AlertWatch(this.#engine, sources, { nowUs: () => clock.nowUs(), logger });
    this.#timer = setInterval(() => {
      watch.tick();
      this.#deliverer.poke();
    }, tickMs);
  }

  /** Ends attempts under way. The engine itself is closed by its runner. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#deliverer.stop();
  }

  open(): AlertsAnswer {
    const nowUs = this.#options.clock.nowUs();
    const alerts = [...this.#engine.book.open()].map((alert) => this.#shown(alert, nowUs));
    return { nowUs, alerts: alerts.toReversed(), silences: this.#silences.list(nowUs) };
  }

  history(filter: HistoryFilter): Alert[] {
    const nowUs = this.#options.clock.nowUs();
    return this.#engine.book.history(filter).map((alert) => this.#shown(alert, nowUs));
  }

  deliveries(limit: number, alert?: number): AlertDelivery[] {
    return this.#deliveries.list(limit, alert);
  }

  rules(): AlertRulesAnswer {
    const channels = Array.from(this.#channels, ([name, { kind, target }]) => ({ name, kind, target }));
    return { rules: this.#rules.list(), channels };
  }

  putRule(id: string, draft: AlertRuleDraft): Result<AlertRule> {
    const put = this.#rules.put(id, draft);
    if (put.ok) this.#engine.rulesChanged();
    return put;
  }

  /** False where there is no such rule. */
  removeRule(id: string): boolean {
    const removed = this.#rules.remove(id);
    if (removed) this.#engine.rulesChanged();
    return removed;
  }

  testRule(draft: AlertRuleDraft, range: { fromUs: number; toUs: number }): Promise<Result<AlertTestAnswer>> {
    const sources = this.#sources;
    if (!sources) return Promise.resolve(refused('API_NOT_READY', 'The gateway is starting'));
    return backTest(draft, range, sources);
  }

  acknowledge(id: number, by: string, note: string | null): Alert | undefined {
    const alert = this.#engine.acknowledge(id, by, note);
    return alert && this.#shown(alert, this.#options.clock.nowUs());
  }

  silence(draft: Omit<AlertSilence, 'id'>): Result<AlertSilence> {
    return this.#silences.add(draft);
  }

  /** False where there is no such silence. */
  endSilence(id: number): boolean {
    return this.#silences.remove(id);
  }

  /** Sends a message about nothing to a channel; false where there is no such channel. */
  sendTest(channel: string, by: string): boolean {
    if (!this.#channels.has(channel)) return false;
    const nowUs = this.#options.clock.nowUs();
    const notice = { event: 'test' as const, alert: testAlert(nowUs, by), remedy: null };
    const deadlineUs = nowUs + deliveryLimits.testDeadlineUs;
    this.#deliveries.enqueue(channel, notice, { nowUs, deadlineUs });
    this.#deliverer.poke();
    return true;
  }

  counters(): Counter[] {
    return alertCounters(this.#engine, this.#deliveries);
  }

  #shown(alert: KeptAlert, nowUs: number): Alert {
    return { ...alert, silenced: alert.state !== 'resolved' && this.#silences.covers(alert, nowUs) };
  }
}

function testAlert(nowUs: number, by: string): Alert {
  return {
    id: 0,
    rule: 'test',
    name: 'A test of the channel',
    severity: 'info',
    kind: 'test',
    subject: 'gateway',
    state: 'firing',
    sinceUs: nowUs,
    firedAtUs: nowUs,
    resolvedAtUs: null,
    value: null,
    unit: null,
    message: `${by} asked for this message: the channel works.`,
    acknowledged: null,
    silenced: false,
    late: false,
  };
}
