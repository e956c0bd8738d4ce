import type { ErrorCode } from '@fieldline/protocol';
import type { DialectOptions } from '../../config/dialect-schema.ts';
import type { BurstLog } from '../../logging/burst-log.ts';
import type { DeadLetters } from '../../parts.ts';
import { Dialect, type MappedContent, type MappedReading } from '../adapters/dialect.ts';
import type { InFlight } from '../in-flight.ts';
import type { IngestStatistics } from '../ingest-statistics.ts';
import type { IngestOutcome, Settlement } from '../ingest.ts';
import type { BridgedDevices } from './bridged-devices.ts';
import { DeviceWriter, type DeviceWriterParts } from './device-writer.ts';

/** What the dialects stand on. */
export interface DialectsParts extends DeviceWriterParts {
  readonly bridged: BridgedDevices;
  readonly deadLetters: Pick<DeadLetters, 'addSoon'>;
  readonly inFlight: InFlight;
  readonly statistics: IngestStatistics;
  readonly bursts: BurstLog;
}

/** One message of a dialect account, as it arrived. */
export interface ArrivedMessage {
  readonly account: string;
  readonly topic: string;
  readonly payload: Uint8Array;
}

/**
 * Takes the messages of devices that run no agent, one account after its own rules each:
 *
 * ```
 * topic pattern ► adapter ► names and units ► whose device ► batches of the gateway's own ► ingest
 * ```
 *
 * A message that cannot be read becomes a dead letter of its account, and is acknowledged.
 */
export class Dialects {
  readonly #parts: DialectsParts;
  readonly #dialects: ReadonlyMap<string, Dialect>;
  readonly #writers = new Map<string, DeviceWriter>();
  /** Set by the broker: publishes what a dialect answers to its devices. */
  publish: (topic: string, payload: Uint8Array) => void = () => undefined;

  constructor(options: readonly DialectOptions[], parts: DialectsParts) {
    this.#parts = parts;
    this.#dialects = new Map(options.map((each) => [each.account, new Dialect(each)]));
  }

  /** Whether this account speaks a dialect: then nothing of it is an agent's. */
  has(account: string): boolean {
    return this.#dialects.has(account);
  }

  /** Whether this account may publish on a topic. */
  mayPublish(account: string, topic: string): boolean {
    return this.#dialects.get(account)?.namesOf(topic) !== undefined;
  }

  /**
   * Whether a subscription is granted: anything that does not begin with a wildcard, `$` or the agents' level,
   * since devices give up where they may not ask; what is forwarded is for `mayHear` to say.
   */
  maySubscribe(account: string, filter: string): boolean {
    return this.has(account) && !/^([#+$]|fieldline(\/|$))/.test(filter);
  }

  /** Whether a topic is forwarded to this account: what its own dialect answers its devices. */
  mayHear(account: string, topic: string): boolean {
    const dialect = this.#dialects.get(account);
    return dialect?.mayHear(topic) === true && dialect.namesOf(topic) !== undefined;
  }

  /** Never rejects. All outcomes but `unavailable` are acknowledged. */
  async take(message: ArrivedMessage): Promise<IngestOutcome> {
    const { inFlight, statistics, clock } = this.#parts;
    const sizeBytes = message.payload.byteLength;
    const startedAtMs = statistics.arrived(sizeBytes);
    await inFlight.take(sizeBytes);
    try {
      const settlement = await this.#settle(message, clock.nowUs());
      if (settlement.outcome === 'refused') await this.#refuse(message, settlement);
      statistics.settled(settlement.outcome, startedAtMs);
      return settlement.outcome;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.#parts.bursts.report('INGEST_UNAVAILABLE', 'gateway.db', detail, 'error');
      statistics.settled('unavailable', startedAtMs);
      return 'unavailable';
    } finally {
      inFlight.give(sizeBytes);
    }
  }

  /** Takes a dead letter once more; readings that tell no time have that of its arrival. */
  takeAgain(message: ArrivedMessage, receivedAtUs: number): Promise<Settlement> {
    return this.#settle(message, receivedAtUs).catch((): Settlement => ({ outcome: 'unavailable' }));
  }

  async #settle({ account, topic, payload }: ArrivedMessage, receivedAtUs: number): Promise<Settlement> {
    const dialect = this.#dialects.get(account);
    const names = dialect?.namesOf(topic);
    if (!dialect || !names) return refused('TOPIC_DENIED', JSON.stringify(topic));
    const content = dialect.read({ topic, payload, names, receivedAtUs });
    if (!content.ok) return refused(content.refusal.code, content.refusal.detail);
    const { reply } = content.value;
    if (reply) this.publish(reply.topic, reply.payload);
    return await this.#store(dialect, content.value);
  }

  async #store(dialect: Dialect, { readings, isHistorical }: MappedContent): Promise<Settlement> {
    const byDevice = Map.groupBy(readings, ({ device }) => device);
    for (const [device, [first]] of byDevice) {
      const claim = { device, account: dialect.account, asNamed: first?.deviceAsNamed ?? device };
      const claimed = this.#parts.bridged.claim({ ...claim, devicesMax: dialect.devicesMax });
      if (!claimed.ok) return refused(claimed.refusal.code, claimed.refusal.detail);
    }
    // All or none: what is stored of a message whose rest is refused would be stored again by its replay.
    for (const [device, ofDevice] of byDevice.size > 1 ? byDevice : []) {
      const refusal = this.#writerOf(device).refusalOf(ofDevice);
      if (refusal) return refusal;
    }
    const settlements = await Promise.all(
      Array.from(byDevice, ([device, ofDevice]) => this.#write(device, ofDevice, isHistorical)),
    );
    const unavailable = settlements.find(({ outcome }) => outcome === 'unavailable');
    return unavailable ?? settlements.find(({ outcome }) => outcome === 'refused') ?? { outcome: 'stored' };
  }

  #write(device: string, readings: readonly MappedReading[], isHistorical: boolean): Promise<Settlement> {
    this.#parts.bridged.heard(device);
    return this.#writerOf(device).write({ readings, isHistorical });
  }

  #writerOf(device: string): DeviceWriter {
    const known = this.#writers.get(device);
    if (known) return known;
    const writer = new DeviceWriter(device, this.#parts);
    this.#writers.set(device, writer);
    return writer;
  }

  async #refuse(message: ArrivedMessage, about: { code: ErrorCode; detail: string }): Promise<void> {
    const { account, topic, payload } = message;
    const { code, detail } = about;
    const sizeBytes = payload.byteLength;
    await this.#parts.deadLetters.addSoon({ device: account, topic, code, detail, payload, sizeBytes });
    this.#parts.statistics.refused(code);
    this.#parts.bursts.report(code, account, detail);
  }
}

function refused(code: ErrorCode, detail: string): Settlement {
  return { outcome: 'refused', code, detail };
}
