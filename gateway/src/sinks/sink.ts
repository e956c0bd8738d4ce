import type { ErrorCode } from '@fieldline/protocol';
import type { JournaledBatch } from '../journal/batch-log.ts';
import type { Counter } from '../parts.ts';

export type { JournaledBatch } from '../journal/batch-log.ts';

/** What the runner needs of the journal; the gateway's `BatchLog` is one. */
export interface SinkLog {
  /** Batches in order from `offset`, at least one where there is one. */
  read(
    offset: number,
    limit: { readonly maxBytes: number; readonly maxRecords?: number },
  ): Promise<readonly JournaledBatch[]>;
  /** Resolves with true once `offset` is durable, with false when `signal` aborts or the log closes. */
  waitFor(offset: number, signal?: AbortSignal): Promise<boolean>;
  setCursor(name: string, offset: number): Promise<void>;
  cursor(name: string): number | undefined;
  /** The oldest offset still kept. */
  readonly firstOffset: number;
  /** The offset that the next entry will have. */
  readonly nextOffset: number;
}

/** Whether and from where a sink can be filled from the journal again. */
export type ReplayReach = 'no' | 'from anywhere' | 'from the oldest' | 'whole';

/** Why a sink cannot store now: something to try again, for as long as it takes. */
export interface SinkFailure {
  readonly code: ErrorCode;
  /** The thing concerned: a URL, a path. */
  readonly subject: string;
  readonly detail: string;
  /** The least pause before the next attempt that the store itself asks for, milliseconds. */
  readonly retryAfterMs?: number;
}

/** A part of a batch that this sink can never store. */
export interface RefusedPart {
  readonly offset: number;
  readonly device: string;
  readonly code: ErrorCode;
  /** What exactly was refused and where. */
  readonly detail: string;
  /** Readings refused, by `sensor/quantity`; `extra` ones are not counted. */
  readonly counts: Readonly<Record<string, number>>;
  /** What was refused, in the form in which the store would have taken it. */
  readonly payload: Uint8Array;
}

/**
 * What became of a write. `stored`: all of it is durable. `retryable`: the runner writes the same entries
 * again; whatever of them was stored already must not be stored twice. `refused`: all but `parts` is durable.
 * `rewind`: the sink lost what it had (its database is gone) and wants the journal again from `offset`.
 */
export type SinkOutcome =
  | { readonly kind: 'stored' }
  | { readonly kind: 'retryable'; readonly failure: SinkFailure }
  | { readonly kind: 'refused'; readonly parts: readonly RefusedPart[] }
  | { readonly kind: 'rewind'; readonly offset: number };

/**
 * A consumer of the journal. The runner alone calls it, never concurrently: `open` until it succeeds, then
 * `write` with entries in journal order, and `close` once. A sink holds no queue, no retry and no
 * statistics: those are the runner's.
 */
export interface Sink {
  readonly name: string;
  /**
   * Makes ready. Answers the offset from which it wants entries: a sink that keeps its own position beside
   * its data answers that (exactly once); one that keeps none answers undefined, and the runner uses the
   * journal's cursor of its name. `journalEnd`: the offset that the next entry of the journal will have; all that an earlier run
   * may have written lies below it.
   */
  open(journalEnd?: number): Promise<SinkOpening>;
  /** Never rejects for a reason of normal life: that is a `retryable` or `refused` outcome. */
  write(entries: readonly JournaledBatch[]): Promise<SinkOutcome>;
  /**
   * How long after the beginning of one write the next small one waits for more entries, milliseconds; at once where it is
   * absent. For a sink that each write costs something, however small it is.
   */
  readonly gatherMs?: number;
  /**
   * Makes ready to be filled from the journal again, and answers as `open`. Absent where a sink keeps nothing that could
   * be filled again. Called between writes.
   */
  rebuild?(offset: number): Promise<SinkOpening>;
  /**
   * Where `rebuild` may begin, else anywhere. `from the oldest`: what comes before says how an entry is stored. `whole`: it begins
   * with nothing, so that what the journal holds no more is gone from the sink.
   */
  readonly rebuilds?: Exclude<ReplayReach, 'no'>;
  /** Figures of its own, beside those of its stage, for `/metrics`. */
  counters?(): readonly Counter[];
  /** Frees what it holds; what it was told `stored` is durable already. */
  close(): Promise<void>;
}

/** The answer of `Sink.open`. */
export type SinkOpening =
  | { readonly kind: 'ready'; readonly resumeAt: number | undefined }
  | { readonly kind: 'retryable'; readonly failure: SinkFailure };

/** What sinks say to people: pino's shape, narrowed. */
export interface SinkLogger {
  info(about: object, message: string): void;
  warn(about: object, message: string): void;
  error(about: object, message: string): void;
}
