import {
  decodeBatch,
  encodeBatch,
  FieldlineError,
  type Batch,
  type ErrorCode,
  type OutlineReader,
} from '@fieldline/protocol';
import type { Clock } from '../clock.ts';
import type { GatewayLimits } from '../config/gateway-config.ts';
import type { BatchLog } from '../journal/batch-log.ts';
import type { JournalAccount } from '../ledger/journal-account.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BurstLog } from '../logging/burst-log.ts';
import type { DeadLetters } from '../parts.ts';
import { digestOf, type BatchDigest } from './batch-digest.ts';
import type { InFlight } from './in-flight.ts';
import type { IngestStatistics } from './ingest-statistics.ts';
import { Journaling, type JournalOutcome } from './journaling.ts';
import { peekBatchName } from './peek-batch-name.ts';
import { isUnplaced } from './place-batch.ts';
import type { Placement } from './placement.ts';
import { implausibleTime } from './plausible-times.ts';
import type { ReceivedBatches } from './received-batches.ts';
import { StreamLimit } from './stream-limit.ts';
import type { WaitingBatches } from './waiting-batches.ts';

/**
 * What became of a batch. All but `unavailable` are acknowledged; `unavailable` must not be: the device
 * keeps the batch and sends it again.
 */
export type IngestOutcome = 'stored' | 'duplicate' | 'refused' | 'unavailable';

/** The same, with the reason of a refusal. */
export type Settlement =
  | { readonly outcome: 'stored' | 'duplicate' | 'unavailable' }
  | { readonly outcome: 'refused'; readonly code: ErrorCode; readonly detail: string };

/** The stages and stores that a batch passes. */
export interface IngestParts {
  readonly log: BatchLog;
  readonly account: JournalAccount;
  readonly ledger: Ledger;
  readonly received: ReceivedBatches;
  readonly waiting: WaitingBatches;
  readonly placement: Placement;
  readonly deadLetters: DeadLetters;
  readonly inFlight: InFlight;
  readonly statistics: IngestStatistics;
  readonly bursts: BurstLog;
  readonly clock: Clock;
  readonly limits: Pick<GatewayLimits, 'batchBytes' | 'inflatedBytes' | 'streamsPerDevice' | 'futureTimeUs'>;
}

/** A batch as it arrived: `device` is who sent it, by its session. */
export interface ArrivedBatch {
  readonly device: string;
  readonly topic: string;
  readonly payload: Uint8Array;
  /** How the messages of its connection were laid out so far. */
  readonly outlines?: OutlineReader;
}

/** A batch that is taken directly, and hears what became of it. */
export interface DirectBatch extends ArrivedBatch {
  settled(outcome: IngestOutcome): void;
}

/** A batch that nothing speaks against yet, or what became of it already. */
type Examined =
  | { readonly kind: 'new'; readonly batch: Batch; readonly digest: BatchDigest }
  | { readonly kind: 'underWay'; readonly stored: Promise<unknown> }
  | { readonly kind: 'settled'; readonly settlement: Settlement };

const stored = { outcome: 'stored' } as const;
const duplicate: Settlement = { outcome: 'duplicate' };
const unavailable: Settlement = { outcome: 'unavailable' };

/**
 * Takes batches in: byte cap, decode, validate, match the device, de-duplicate, check the times, journal. Any
 * number run at a time. A batch that can never be stored becomes a dead letter, with its reason.
 */
export class Ingest {
  readonly #parts: IngestParts;
  readonly #streamLimit: StreamLimit;

  constructor(parts: IngestParts) {
    this.#parts = parts;
    this.#streamLimit = new StreamLimit(parts.limits.streamsPerDevice);
  }

  /** Never rejects. What it resolves with is durable: a stored batch in the journal, a refused one as a letter. */
  async take(arrived: ArrivedBatch): Promise<IngestOutcome> {
    const { inFlight, statistics } = this.#parts;
    const startedAtMs = statistics.arrived(arrived.payload.byteLength);
    await inFlight.take(arrived.payload.byteLength);
    try {
      const outcome = await this.#take(arrived);
      statistics.settled(outcome, startedAtMs);
      return outcome;
    } finally {
      inFlight.give(arrived.payload.byteLength);
    }
  }

  /**
   * The same for very many small batches: what is new goes into the journal within this call, without a
   * promise. While there is no room, and for everything that is not new, it is `take`.
   */
  takeDirectly(arrived: DirectBatch): void {
    const { inFlight, statistics } = this.#parts;
    const { payload } = arrived;
    if (inFlight.full) {
      void this.take(arrived).then((outcome) => arrived.settled(outcome));
      return;
    }
    const startedAtMs = statistics.arrived(payload.byteLength);
    void inFlight.take(payload.byteLength);
    const examined = this.#tryExamine(arrived);
    if (examined.kind !== 'new') {
      this.#concludeDirectly(arrived, examined, startedAtMs);
      return;
    }
    Journaling.begin(this.#parts, examined, payload, (journaled) => {
      if (journaled.kind === 'durable')
        this.#settleDirectly(arrived, this.#journaled(examined.batch).outcome, startedAtMs);
      else
        this.#concludeDirectly(
          arrived,
          settledBy(this.#notJournaled(examined.batch, journaled)),
          startedAtMs,
        );
    });
  }

  #concludeDirectly(arrived: DirectBatch, examined: Examined, startedAtMs: number): void {
    void this.#conclude(arrived, examined).then((outcome) =>
      this.#settleDirectly(arrived, outcome, startedAtMs),
    );
  }

  #settleDirectly(arrived: DirectBatch, outcome: IngestOutcome, startedAtMs: number): void {
    this.#parts.inFlight.give(arrived.payload.byteLength);
    this.#parts.statistics.settled(outcome, startedAtMs);
    arrived.settled(outcome);
  }

  /**
   * Takes a batch that the gateway made itself, of readings of a device that makes none: its name is new. A refused
   * one leaves no trace: it is for the caller to keep. Never rejects.
   */
  takeMade(batch: Batch): Promise<Settlement> {
    const payload = encodeBatch(batch);
    const refusal = this.#judge(batch, payload.byteLength);
    if (refusal) return Promise.resolve(refusal);
    return this.#journal(batch, payload, digestOf(batch)).catch((error: unknown) => this.#unavailable(error));
  }

  /** Why `takeMade` would refuse this batch now; undefined where it would not. */
  refusalOfMade(batch: Batch): Settlement | undefined {
    const refusal = this.#judge(batch, encodeBatch(batch).byteLength);
    if (!refusal) this.#streamLimit.release(batch);
    return refusal;
  }

  /** Takes a dead letter once more, which it does not keep anew where it is refused. Never rejects. */
  takeAgain(arrived: ArrivedBatch): Promise<Settlement> {
    return this.#settle(arrived).catch((error: unknown) => this.#unavailable(error));
  }

  /** A batch of `sizeBytes` that was too large to be let through whole: `payload` is its beginning. */
  takeOversized(arrived: ArrivedBatch, sizeBytes: number): IngestOutcome {
    const { statistics, deadLetters } = this.#parts;
    const startedAtMs = statistics.arrived(sizeBytes);
    const code = 'BATCH_TOO_LARGE';
    const detail = `${sizeBytes} bytes.`;
    const outcome = this.#attempt(() => {
      deadLetters.add({ ...arrived, code, detail, sizeBytes });
      statistics.refused(code);
      this.#report(code, arrived.device, detail);
    });
    statistics.settled(outcome, startedAtMs);
    return outcome;
  }

  /** Keeps a batch that the rules of the broker denied, and which the broker counts, as a dead letter. */
  async keepDenied(
    arrived: ArrivedBatch,
    about: { readonly code: ErrorCode; readonly detail: string },
  ): Promise<'refused' | 'unavailable'> {
    try {
      await this.#deadLetter(arrived, about);
      return 'refused';
    } catch (error) {
      this.#unavailable(error);
      return 'unavailable';
    }
  }

  #take(arrived: ArrivedBatch): Promise<IngestOutcome> {
    return this.#conclude(arrived, this.#tryExamine(arrived));
  }

  /** Never rejects. */
  async #conclude(arrived: ArrivedBatch, examined: Examined): Promise<IngestOutcome> {
    try {
      const settlement = await this.#settleExamined(arrived, examined);
      if (settlement.outcome !== 'refused') return settlement.outcome;
      await this.#deadLetter(arrived, settlement);
      this.#parts.statistics.refused(settlement.code);
      return 'refused';
    } catch (error) {
      return this.#unavailable(error).outcome;
    }
  }

  async #settle(arrived: ArrivedBatch): Promise<Settlement> {
    return this.#settleExamined(arrived, this.#examine(arrived));
  }

  async #settleExamined({ payload }: ArrivedBatch, examined: Examined): Promise<Settlement> {
    if (examined.kind === 'settled') return examined.settlement;
    if (examined.kind === 'new') return this.#journal(examined.batch, payload, examined.digest);
    return examined.stored.then(
      () => duplicate,
      () => unavailable,
    );
  }

  #tryExamine(arrived: ArrivedBatch): Examined {
    try {
      return this.#examine(arrived);
    } catch (error) {
      return settledBy(this.#unavailable(error));
    }
  }

  /** Everything that is known of a batch before it is journaled; nothing waits. */
  #examine(arrived: ArrivedBatch): Examined {
    const { device, payload } = arrived;
    const { batchBytes, inflatedBytes } = this.#parts.limits;
    if (payload.byteLength > batchBytes)
      return settledBy(refused('BATCH_TOO_LARGE', `${payload.byteLength} bytes; at most ${batchBytes}.`));
    const decoded = decodeBatch(payload, { inflatedBytes }, arrived.outlines);
    if (!decoded.ok) return settledBy(this.#refuseUndecoded(arrived, decoded.refusal));
    const batch = decoded.value;
    if (batch.device !== device) return settledBy(refused('BATCH_WRONG_DEVICE', `It names ${batch.device}.`));
    return this.#deduplicate(batch, payload.byteLength);
  }

  #deduplicate(batch: Batch, sizeBytes: number): Examined {
    const { received, ledger } = this.#parts;
    const digest = digestOf(batch);
    const recognition = received.recognise(batch, digest);
    if (recognition.kind === 'duplicate')
      return settledBy(this.#parts.placement.waitAgain(batch) ? stored : duplicate);
    if (recognition.kind === 'underWay') return recognition;
    if (recognition.kind === 'refused') {
      if (recognition.code === 'RANGE_LIMIT') ledger.refusedBatch(batch);
      else ledger.refusedReadings(batch, digest);
      return settledBy(refused(recognition.code, recognition.detail));
    }
    const refusal = this.#judge(batch, sizeBytes);
    if (!refusal) {
      this.#parts.statistics.examined(batch);
      return { kind: 'new', batch, digest };
    }
    ledger.refusedBatch(batch);
    return settledBy(refusal);
  }

  /** Why a well-formed, new batch cannot be stored; undefined where it can. */
  #judge(batch: Batch, sizeBytes: number): Settlement | undefined {
    const { ledger, waiting, clock, limits } = this.#parts;
    const { streamsPerDevice, futureTimeUs } = limits;
    const implausible = implausibleTime(batch, { nowUs: clock.nowUs(), futureUs: futureTimeUs });
    if (implausible !== undefined) return refused('CLOCK_IMPLAUSIBLE', implausible);
    if (isUnplaced(batch) && !waiting.hasRoom(batch.device, sizeBytes))
      return refused('CLOCK_WAIT_FULL', `${waiting.bytes} bytes wait, of all devices.`);
    // Last, since it takes room, which is given back once the batch is journaled or not.
    if (this.#streamLimit.take(batch, ledger.device(batch.device).streamNames)) return undefined;
    return refused('STREAM_LIMIT', `${batch.device} would have more than ${streamsPerDevice} streams.`);
  }

  async #journal(batch: Batch, payload: Uint8Array, digest: BatchDigest): Promise<Settlement> {
    const journaled = await new Promise<JournalOutcome>((done) =>
      Journaling.begin(this.#parts, { batch, digest }, payload, done),
    );
    return journaled.kind === 'durable' ? this.#journaled(batch) : this.#notJournaled(batch, journaled);
  }

  #journaled(batch: Batch): { readonly outcome: 'stored' } {
    this.#streamLimit.release(batch);
    if (batch.anchor || isUnplaced(batch)) void this.#parts.placement.run();
    return stored;
  }

  #notJournaled(batch: Batch, { kind, cause }: Exclude<JournalOutcome, { kind: 'durable' }>): Settlement {
    this.#streamLimit.release(batch);
    if (kind === 'failed') return this.#unavailable(cause);
    // `limits.batchBytes` allows more than one record of the journal takes.
    this.#parts.ledger.refusedBatch(batch);
    return refused('BATCH_TOO_LARGE', cause instanceof Error ? cause.message : '');
  }

  /** An operator has to act: until then no batch is acknowledged, and the devices keep them. */
  #unavailable(error: unknown): { readonly outcome: 'unavailable' } {
    // What is no error of ours comes from SQLite: a refusal could not be written.
    const subject = error instanceof FieldlineError ? error.subject : 'gateway.db';
    const detail = error instanceof Error ? error.message : String(error);
    this.#parts.bursts.report('INGEST_UNAVAILABLE', subject, detail, 'error');
    return { outcome: 'unavailable' };
  }

  /** Where the name can be read all the same, the ledger knows that this batch was refused and not lost. */
  #refuseUndecoded(arrived: ArrivedBatch, { code, detail }: { code: ErrorCode; detail: string }): Settlement {
    const name = peekBatchName(arrived.payload, this.#parts.limits);
    const isFree = name && !this.#parts.received.has(arrived.device, name.epoch, name.seq);
    if (isFree && name.device === arrived.device) this.#parts.ledger.refusedBatch(name);
    return refused(code, detail);
  }

  #attempt(refuse: () => void): 'refused' | 'unavailable' {
    try {
      refuse();
      return 'refused';
    } catch (error) {
      return this.#unavailable(error).outcome;
    }
  }

  async #deadLetter(arrived: ArrivedBatch, about: { code: ErrorCode; detail: string }): Promise<void> {
    const { device, topic, payload } = arrived;
    const { code, detail } = about;
    await this.#parts.deadLetters.addSoon({
      device,
      topic,
      code,
      detail,
      payload,
      sizeBytes: payload.byteLength,
    });
    this.#report(code, device, detail);
  }

  #report(code: ErrorCode, device: string, detail: string): void {
    this.#parts.bursts.report(code, device, detail, code === 'SEQ_CONFLICT' ? 'error' : 'warn');
  }
}

function refused(code: ErrorCode, detail: string): Settlement {
  return { outcome: 'refused', code, detail };
}

function settledBy(settlement: Settlement): Examined {
  return { kind: 'settled', settlement };
}
