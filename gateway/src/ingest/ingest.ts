import { decodeBatch, FieldlineError, type Batch, type ErrorCode } from '@fieldline/protocol';
import type { Clock } from '../clock.ts';
import type { GatewayLimits } from '../config/gateway-config.ts';
import type { BatchLog } from '../journal/batch-log.ts';
import type { JournalAccount } from '../ledger/journal-account.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BurstLog } from '../logging/burst-log.ts';
import type { DeadLetters } from '../parts.ts';
import { digestOf } from './batch-digest.ts';
import type { InFlight } from './in-flight.ts';
import type { IngestStatistics } from './ingest-statistics.ts';
import { peekBatchName } from './peek-batch-name.ts';
import { isUnplaced } from './place-batch.ts';
import type { Placement } from './placement.ts';
import { implausibleTime } from './plausible-times.ts';
import type { ReceivedBatches } from './received-batches.ts';
import { hasTooManyStreams } from './stream-limit.ts';
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
}

const stored: Settlement = { outcome: 'stored' };
const duplicate: Settlement = { outcome: 'duplicate' };
const unavailable: Settlement = { outcome: 'unavailable' };

/**
 * Takes batches in: byte cap, decode, validate, match the device, de-duplicate, check the times, journal. Any
 * number run at a time. A batch that can never be stored becomes a dead letter, with its reason.
 */
export class Ingest {
  readonly #parts: IngestParts;

  constructor(parts: IngestParts) {
    this.#parts = parts;
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

  async #take(arrived: ArrivedBatch): Promise<IngestOutcome> {
    try {
      const settlement = await this.#settle(arrived);
      if (settlement.outcome !== 'refused') return settlement.outcome;
      await this.#deadLetter(arrived, settlement);
      this.#parts.statistics.refused(settlement.code);
      return 'refused';
    } catch (error) {
      return this.#unavailable(error).outcome;
    }
  }

  async #settle(arrived: ArrivedBatch): Promise<Settlement> {
    const { device, payload } = arrived;
    const { batchBytes, inflatedBytes } = this.#parts.limits;
    if (payload.byteLength > batchBytes)
      return refused('BATCH_TOO_LARGE', `${payload.byteLength} bytes; at most ${batchBytes}.`);
    const decoded = decodeBatch(payload, { inflatedBytes });
    if (!decoded.ok) return this.#refuseUndecoded(arrived, decoded.refusal);
    const batch = decoded.value;
    if (batch.device !== device) return refused('BATCH_WRONG_DEVICE', `It names ${batch.device}.`);
    return await this.#deduplicate(batch, payload);
  }

  async #deduplicate(batch: Batch, payload: Uint8Array): Promise<Settlement> {
    const { received, ledger } = this.#parts;
    const digest = digestOf(batch);
    const recognition = received.recognise(batch, digest);
    if (recognition.kind === 'duplicate') return this.#parts.placement.waitAgain(batch) ? stored : duplicate;
    if (recognition.kind === 'underWay') {
      return await recognition.stored.then(
        () => duplicate,
        () => unavailable,
      );
    }
    if (recognition.kind === 'refused') {
      if (recognition.code === 'RANGE_LIMIT') ledger.refusedBatch(batch);
      else ledger.refusedReadings(batch, digest);
      return refused(recognition.code, recognition.detail);
    }
    const refusal = this.#judge(batch, payload.byteLength);
    if (!refusal) return await this.#journal(batch, payload, digest);
    ledger.refusedBatch(batch);
    return refusal;
  }

  /** Why a well-formed, new batch cannot be stored; undefined where it can. */
  #judge(batch: Batch, sizeBytes: number): Settlement | undefined {
    const { ledger, waiting, clock, limits } = this.#parts;
    const { streamsPerDevice, futureTimeUs } = limits;
    if (hasTooManyStreams(batch, ledger.device(batch.device).streamNames, streamsPerDevice)) {
      return refused('STREAM_LIMIT', `${batch.device} would have more than ${streamsPerDevice} streams.`);
    }
    const implausible = implausibleTime(batch, { nowUs: clock.nowUs(), futureUs: futureTimeUs });
    if (implausible !== undefined) return refused('CLOCK_IMPLAUSIBLE', implausible);
    if (isUnplaced(batch) && !waiting.hasRoom(batch.device, sizeBytes))
      return refused('CLOCK_WAIT_FULL', `${waiting.bytes} bytes wait, of all devices.`);
    return undefined;
  }

  async #journal(batch: Batch, payload: Uint8Array, digest: string): Promise<Settlement> {
    const { log, account, received, ledger, statistics } = this.#parts;
    const startedAtMs = statistics.journalStarted();
    const appended = log.append(batch, payload).then((offset) => account.record(offset, batch, digest));
    received.begin(batch, digest, appended);
    try {
      await appended;
      statistics.journalEnded(startedAtMs, 'durable');
      if (batch.anchor || isUnplaced(batch)) void this.#parts.placement.run();
      return stored;
    } catch (error) {
      // `limits.batchBytes` allows more than one record of the journal takes.
      const isTooLarge = error instanceof FieldlineError && error.code === 'JOURNAL_RECORD_TOO_LARGE';
      statistics.journalEnded(startedAtMs, isTooLarge ? 'refused' : 'failed');
      if (!isTooLarge) return this.#unavailable(error);
      ledger.refusedBatch(batch);
      return refused('BATCH_TOO_LARGE', error.message);
    }
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
