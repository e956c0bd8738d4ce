import { countReadings, decodeBatch, FieldlineError, type Batch, type ErrorCode } from '@fieldline/protocol';
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
import type { ReceivedBatches } from './received-batches.ts';

/**
 * What became of a batch. All but `unavailable` are acknowledged; `unavailable` must not be: the device
 * keeps the batch and sends it again.
 */
export type IngestOutcome = 'stored' | 'duplicate' | 'refused' | 'unavailable';

/** The stages and stores that a batch passes. */
export interface IngestParts {
  readonly log: BatchLog;
  readonly account: JournalAccount;
  readonly ledger: Ledger;
  readonly received: ReceivedBatches;
  readonly deadLetters: DeadLetters;
  readonly inFlight: InFlight;
  readonly statistics: IngestStatistics;
  readonly bursts: BurstLog;
  readonly limits: Pick<GatewayLimits, 'batchBytes' | 'inflatedBytes' | 'streamsPerDevice'>;
}

/** A batch as it arrived: `device` is who sent it, by its session. */
export interface ArrivedBatch {
  readonly device: string;
  readonly topic: string;
  readonly payload: Uint8Array;
}

/**
 * Takes batches in: byte cap, decode, validate, match the device, de-duplicate, journal. Any number run at a
 * time. A batch that can never be stored becomes a dead letter, with its reason and first bytes.
 */
export class Ingest {
  readonly #parts: IngestParts;

  constructor(parts: IngestParts) {
    this.#parts = parts;
  }

  /** Never rejects. */
  async take(arrived: ArrivedBatch): Promise<IngestOutcome> {
    const { inFlight, statistics } = this.#parts;
    const startedAtMs = statistics.arrived(arrived.payload.byteLength);
    await inFlight.take(arrived.payload.byteLength);
    try {
      const outcome = await this.#process(arrived).catch((error: unknown) => this.#unavailable(error));
      statistics.settled(outcome, startedAtMs);
      return outcome;
    } finally {
      inFlight.give(arrived.payload.byteLength);
    }
  }

  /** A batch of `sizeBytes` that was too large to be let through whole: `payload` is its beginning. */
  takeOversized(arrived: ArrivedBatch, sizeBytes: number): IngestOutcome {
    const { statistics } = this.#parts;
    const startedAtMs = statistics.arrived(sizeBytes);
    const about = { code: 'BATCH_TOO_LARGE' as const, detail: `${sizeBytes} bytes.`, sizeBytes };
    const outcome = this.keepDenied(arrived, about);
    if (outcome === 'refused') statistics.refused(about.code);
    statistics.settled(outcome, startedAtMs);
    return outcome;
  }

  /** Keeps a batch that the rules of the broker denied, and which the broker counts, as a dead letter. */
  keepDenied(
    arrived: ArrivedBatch,
    about: { code: ErrorCode; detail: string; sizeBytes: number },
  ): 'refused' | 'unavailable' {
    try {
      this.#deadLetter(arrived, about);
      return 'refused';
    } catch (error) {
      return this.#unavailable(error);
    }
  }

  async #process(arrived: ArrivedBatch): Promise<IngestOutcome> {
    const { device, payload } = arrived;
    const { batchBytes, inflatedBytes } = this.#parts.limits;
    if (payload.byteLength > batchBytes) {
      const detail = `${payload.byteLength} bytes; at most ${batchBytes}.`;
      return this.#refuse(arrived, { code: 'BATCH_TOO_LARGE', detail });
    }
    const decoded = decodeBatch(payload, { inflatedBytes });
    if (!decoded.ok) return this.#refuseUndecoded(arrived, decoded.refusal);
    const batch = decoded.value;
    if (batch.device !== device) {
      const detail = `It names ${batch.device}.`;
      return this.#refuse(arrived, { code: 'BATCH_WRONG_DEVICE', detail });
    }
    return await this.#deduplicate(arrived, batch);
  }

  async #deduplicate(arrived: ArrivedBatch, batch: Batch): Promise<IngestOutcome> {
    const { received, ledger } = this.#parts;
    const digest = digestOf(batch);
    const recognition = received.recognise(batch, digest);
    if (recognition.kind === 'duplicate') return 'duplicate';
    if (recognition.kind === 'underWay') {
      return await recognition.stored.then(
        () => 'duplicate',
        () => 'unavailable',
      );
    }
    if (recognition.kind === 'refused') {
      if (recognition.code === 'RANGE_LIMIT') ledger.refusedBatch(batch);
      else ledger.refusedReadings(batch, digest);
      return this.#refuse(arrived, recognition);
    }
    if (this.#hasTooManyStreams(batch)) {
      ledger.refusedBatch(batch);
      const detail = `${batch.device} would have more than ${this.#parts.limits.streamsPerDevice} streams.`;
      return this.#refuse(arrived, { code: 'STREAM_LIMIT', detail });
    }
    return await this.#journal(arrived, batch, digest);
  }

  async #journal(arrived: ArrivedBatch, batch: Batch, digest: string): Promise<IngestOutcome> {
    const { log, account, received, statistics } = this.#parts;
    const startedAtMs = statistics.journalStarted();
    const stored = log.append(batch, arrived.payload).then((offset) => account.record(offset, batch, digest));
    received.begin(batch, digest, stored);
    try {
      await stored;
      statistics.journalEnded(startedAtMs, 'durable');
      return 'stored';
    } catch (error) {
      const isTooLarge = error instanceof FieldlineError && error.code === 'JOURNAL_RECORD_TOO_LARGE';
      statistics.journalEnded(startedAtMs, isTooLarge ? 'refused' : 'failed');
      if (isTooLarge) return this.#refuseTooLarge(arrived, batch, error.message);
      return this.#unavailable(error);
    }
  }

  /** An operator has to act: until then no batch is acknowledged, and the devices keep them. */
  #unavailable(error: unknown): 'unavailable' {
    // What is no error of ours comes from SQLite: a refusal could not be written.
    const subject = error instanceof FieldlineError ? error.subject : 'gateway.db';
    const detail = error instanceof Error ? error.message : String(error);
    this.#parts.bursts.report('INGEST_UNAVAILABLE', subject, detail, 'error');
    return 'unavailable';
  }

  /** `limits.batchBytes` allows more than one record of the journal takes. */
  #refuseTooLarge(arrived: ArrivedBatch, batch: Batch, detail: string): IngestOutcome {
    this.#parts.ledger.refusedBatch(batch);
    return this.#refuse(arrived, { code: 'BATCH_TOO_LARGE', detail });
  }

  #hasTooManyStreams(batch: Batch): boolean {
    const { ledger, limits } = this.#parts;
    const known = ledger.device(batch.device).streamNames;
    const dropped = (batch.dropped ?? []).flatMap(([, , , counts]) => Object.keys(counts));
    const named = new Set([...countReadings(batch).keys(), ...Object.keys(batch.ledger), ...dropped]);
    let count = known.size;
    for (const stream of named) if (!known.has(stream)) count += 1;
    return count > limits.streamsPerDevice && count > known.size;
  }

  /** Where the name can be read all the same, the ledger knows that this batch was refused and not lost. */
  #refuseUndecoded(arrived: ArrivedBatch, refusal: { code: ErrorCode; detail: string }): IngestOutcome {
    const name = peekBatchName(arrived.payload, this.#parts.limits);
    const isFree = name && !this.#parts.received.has(arrived.device, name.epoch, name.seq);
    if (isFree && name.device === arrived.device) this.#parts.ledger.refusedBatch(name);
    return this.#refuse(arrived, refusal);
  }

  #refuse(arrived: ArrivedBatch, about: { code: ErrorCode; detail: string }): 'refused' {
    this.#deadLetter(arrived, { ...about, sizeBytes: arrived.payload.byteLength });
    this.#parts.statistics.refused(about.code);
    return 'refused';
  }

  #deadLetter(arrived: ArrivedBatch, about: { code: ErrorCode; detail: string; sizeBytes: number }): void {
    const { device, topic, payload } = arrived;
    this.#parts.deadLetters.add({ device, topic, payload, ...about });
    const level = about.code === 'SEQ_CONFLICT' ? 'error' : 'warn';
    this.#parts.bursts.report(about.code, device, about.detail, level);
  }
}
