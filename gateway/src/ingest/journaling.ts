import { FieldlineError, type Batch } from '@fieldline/protocol';
import type { AppendReceiver } from '@fieldline/journal';
import type { BatchLog } from '../journal/batch-log.ts';
import type { JournalAccount } from '../ledger/journal-account.ts';
import type { BatchDigest } from './batch-digest.ts';
import type { IngestStatistics } from './ingest-statistics.ts';
import type { ReceivedBatches } from './received-batches.ts';
import type { UnderWay } from './under-way-appends.ts';

/** What an append passes, and who hears of it. */
export interface JournalingParts {
  readonly log: Pick<BatchLog, 'appendFor'>;
  readonly account: Pick<JournalAccount, 'record'>;
  readonly received: ReceivedBatches;
  readonly statistics: IngestStatistics;
}

/** What became of an append: `too-large`: the journal takes no such record, ever. */
export type JournalOutcome =
  { readonly kind: 'durable' } | { readonly kind: 'too-large' | 'failed'; readonly cause: unknown };

const durable: JournalOutcome = { kind: 'durable' };

/**
 * One batch on its way into the journal, of which the account hears in the journal's order. While it runs, the
 * same batch coming again waits for it.
 */
export class Journaling implements AppendReceiver, UnderWay {
  readonly digest: BatchDigest;
  readonly #parts: JournalingParts;
  readonly #batch: Batch;
  readonly #done: (outcome: JournalOutcome) => void;
  readonly #startedAtMs: number;
  #waiting: PromiseWithResolvers<undefined> | undefined;

  private constructor(
    parts: JournalingParts,
    about: { readonly batch: Batch; readonly digest: BatchDigest },
    done: (outcome: JournalOutcome) => void,
  ) {
    this.#parts = parts;
    this.#batch = about.batch;
    this.digest = about.digest;
    this.#done = done;
    this.#startedAtMs = parts.statistics.journalStarted();
  }

  /** Begins; `done` is called once, when the batch is durable and accounted for, or is not. */
  static begin(
    parts: JournalingParts,
    about: { readonly batch: Batch; readonly digest: BatchDigest },
    payload: Uint8Array,
    done: (outcome: JournalOutcome) => void,
  ): void {
    const journaling = new Journaling(parts, about, done);
    parts.received.begin(about.batch, journaling);
    parts.log.appendFor(journaling, about.batch, payload);
  }

  /** Settles with the append; made for the one who asks, since hardly anybody does. */
  get stored(): Promise<unknown> {
    this.#waiting ??= Promise.withResolvers<undefined>();
    // Whoever asked handles it; a rejection that comes before they do must not end the process.
    this.#waiting.promise.catch(() => undefined);
    return this.#waiting.promise;
  }

  appended(offset: number, appendedAtUs: number): void {
    const { account, received, statistics } = this.#parts;
    try {
      account.record(offset, this.#batch, this.digest, appendedAtUs);
    } catch (cause) {
      this.failed(cause);
      return;
    }
    received.ended(this.#batch);
    statistics.journalEnded(this.#startedAtMs, 'durable');
    this.#waiting?.resolve(undefined);
    this.#done(durable);
  }

  failed(cause: unknown): void {
    const isTooLarge = cause instanceof FieldlineError && cause.code === 'JOURNAL_RECORD_TOO_LARGE';
    this.#parts.received.ended(this.#batch);
    this.#parts.statistics.journalEnded(this.#startedAtMs, isTooLarge ? 'refused' : 'failed');
    this.#waiting?.reject(cause);
    this.#done({ kind: isTooLarge ? 'too-large' : 'failed', cause });
  }
}
