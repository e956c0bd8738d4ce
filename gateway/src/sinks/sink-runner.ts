import { setTimeout as delay } from 'node:timers/promises';
import { errorEntry, FieldlineError } from '@fieldline/protocol';
import { backoffMs, sinkBackoff, type BackoffLimits } from './backoff.ts';
import { SinkStatistics } from './sink-statistics.ts';
import type {
  JournaledBatch,
  RefusedPart,
  ReplayReach,
  Sink,
  SinkFailure,
  SinkLog,
  SinkLogger,
  SinkOutcome,
} from './sink.ts';

/** How much one write carries at most: enough for thousands of points, little enough to retry cheaply. */
export const defaultWriteLimit = { maxBytes: 4 * 1024 * 1024, maxRecords: 5000 } as const;

/** With so many waiting, a write has gathered enough. */
const gatheredEntries = 1000;

/**
 * How long after a write the journal's cursor is moved, for all writes until then: a crash repeats at most this much. Behind the
 * runner's back, since moving it waits for the disk.
 */
const cursorIntervalMs = 1000;

/** What a runner is made from: its sink, the journal, and what it tells of its work. */
export interface SinkRunnerOptions {
  readonly sink: Sink;
  readonly log: SinkLog;
  readonly logger: SinkLogger;
  /**
   * `cursor`: where the sink says, else at the journal's cursor of its name, else at the oldest entry.
   * `end`: at the next new entry, and no cursor is kept.
   */
  readonly startAt: 'cursor' | 'end';
  readonly writeLimit?: { readonly maxBytes: number; readonly maxRecords: number };
  readonly backoff?: BackoffLimits;
  /** Called before the first write, and after a replay was begun: every entry below `offset` is stored already. */
  readonly onOpened?: (offset: number) => Promise<void>;
  /** Called after each write that stored entries, in journal order, before the next write. */
  readonly onCommitted?: (entries: readonly JournaledBatch[]) => void;
  /**
   * Called with the parts that can never be stored, before the entries count as committed. Where it throws (a
   * full disk), it is called again with the same parts.
   */
  readonly onRefused?: (sink: string, parts: readonly RefusedPart[]) => void;
  /** Wall clock, microseconds UTC. */
  readonly nowUs: () => number;
  /** In [0, 1): spreads the retries of many gateways. */
  readonly random: () => number;
  /** Pauses; rejects or resolves at once when `signal` aborts. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Carries entries from the journal to one sink, in order. It is the one owner of batching, retry (jittered
 * backoff without end: the journal is the queue, and its retention the limit), cursor and statistics.
 * Back-pressure is the journal itself: a slow sink reads later, and costs no memory meanwhile.
 */
export class SinkRunner {
  readonly statistics: SinkStatistics;
  readonly #options: SinkRunnerOptions;
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;
  #offset = 0;
  #failures = 0;
  #lastFailure: SinkFailure | undefined;
  #writeBegunAtUs = Number.NEGATIVE_INFINITY;
  #cursorSaved = -1;
  #cursorDue: NodeJS.Timeout | undefined;
  readonly #commitWaiters = new Set<() => void>();
  readonly #opened = Promise.withResolvers<undefined>();
  #replay: { readonly offset: number; readonly begun: PromiseWithResolvers<undefined> } | undefined;
  #wake = new AbortController();
  /** Ends a wait for entries: made once for many waits, since each one made costs. */
  #waiting = AbortSignal.any([this.#abort.signal, this.#wake.signal]);

  constructor(options: SinkRunnerOptions) {
    this.#options = options;
    this.statistics = new SinkStatistics(options.nowUs);
  }

  get name(): string {
    return this.#options.sink.name;
  }

  /** The offset of the next entry to be stored. */
  get offset(): number {
    return this.#offset;
  }

  /** Entries in the journal that this sink has not stored. */
  get queued(): number {
    return Math.max(0, this.#options.log.nextOffset - this.#offset);
  }

  /** What keeps the sink from storing now; undefined while it stores. */
  get failure(): SinkFailure | undefined {
    return this.#lastFailure;
  }

  /** Resolves once the sink has opened; a sink that cannot open is tried again behind the caller's back. */
  get opened(): Promise<undefined> {
    return this.#opened.promise;
  }

  /** Resolves with true once everything below `offset` is stored, with false when `signal` aborts first. */
  async storedUpTo(offset: number, signal: AbortSignal): Promise<boolean> {
    while (this.#offset < offset) {
      if (signal.aborted || this.#abort.signal.aborted) return false;
      await this.#nextCommit(signal);
    }
    return true;
  }

  /** Whether the sink can be filled from the journal again. */
  get replay(): ReplayReach {
    const { sink } = this.#options;
    if (!sink.rebuild) return 'no';
    return sink.rebuilds ?? 'from anywhere';
  }

  /** Fills the sink again from `offset` on; resolves when that has begun. Only where `replay` allows it. */
  replayFrom(offset: number): Promise<undefined> {
    this.#replay ??= { offset, begun: Promise.withResolvers() };
    this.#wake.abort();
    return this.#replay.begun.promise;
  }

  start(): void {
    this.#running ??= this.#run().catch((error: unknown) => {
      this.#options.logger.error(
        { err: error, sink: this.name },
        'The sink runner ended by a bug; restart the gateway',
      );
    });
  }

  /** Ends after the write in progress, saves the cursor and closes the sink. */
  async stop(): Promise<void> {
    this.#abort.abort();
    for (const done of this.#commitWaiters) done();
    await this.#running;
    clearTimeout(this.#cursorDue);
    await this.#saveCursor();
    await this.#options.sink.close();
  }

  async #run(): Promise<void> {
    if (!(await this.#open())) return;
    await this.#options.onOpened?.(this.#offset);
    this.#opened.resolve(undefined);
    const { log, writeLimit = defaultWriteLimit } = this.#options;
    while (!this.#abort.signal.aborted) {
      if (this.#replay) await this.#beginReplay(this.#replay);
      await this.#gather();
      const entries = await this.#persistently('journal', () => log.read(this.#offset, writeLimit));
      if (!entries) return;
      if (entries.length > 0) await this.#store(entries);
      else await this.#idle();
    }
  }

  async #open(): Promise<boolean> {
    const { sink, log, startAt } = this.#options;
    while (!this.#abort.signal.aborted) {
      const opening = await sink.open(log.nextOffset);
      if (opening.kind === 'ready') {
        this.#recovered();
        const resumeAt = opening.resumeAt ?? log.cursor(sink.name) ?? 0;
        this.#offset = startAt === 'end' ? log.nextOffset : resumeAt;
        return true;
      }
      await this.#failed(opening.failure);
    }
    return false;
  }

  /** Waits, where little has come since the write before was begun, until more may have. The first after a silence goes at once. */
  async #gather(): Promise<void> {
    const { sink, nowUs, sleep = pause } = this.#options;
    const { gatherMs = 0 } = sink;
    const passedMs = (nowUs() - this.#writeBegunAtUs) / 1000;
    const mayWait = passedMs >= 0 && passedMs < gatherMs && this.queued > 0 && this.queued < gatheredEntries;
    if (mayWait) await sleep(gatherMs - passedMs, this.#waiting);
  }

  /** Nothing to store: waits for the next entry. */
  async #idle(): Promise<void> {
    if (this.#replay) return;
    if (this.#wake.signal.aborted) {
      this.#wake = new AbortController();
      this.#waiting = AbortSignal.any([this.#abort.signal, this.#wake.signal]);
    }
    await this.#options.log.waitFor(this.#offset, this.#waiting);
  }

  async #beginReplay({
    offset,
    begun,
  }: {
    offset: number;
    begun: PromiseWithResolvers<undefined>;
  }): Promise<void> {
    const opening = await this.#options.sink.rebuild?.(offset);
    if (opening?.kind !== 'ready') {
      if (opening) await this.#failed(opening.failure);
      return;
    }
    this.#recovered();
    this.#replay = undefined;
    this.#offset = opening.resumeAt ?? offset;
    await this.#options.onOpened?.(this.#offset);
    await this.#saveCursor();
    begun.resolve(undefined);
  }

  /** Writes until the entries are stored or the runner stops. */
  async #store(entries: readonly JournaledBatch[]): Promise<void> {
    this.statistics.taken(entries);
    while (!this.#abort.signal.aborted && !this.#replay) {
      const startedAtUs = this.#options.nowUs();
      this.#writeBegunAtUs = startedAtUs;
      const outcome = await this.#options.sink.write(entries);
      this.statistics.busy((this.#options.nowUs() - startedAtUs) / 1000);
      if (outcome.kind === 'retryable') await this.#failed(outcome.failure);
      else if (outcome.kind === 'rewind') return await this.#rewind(outcome.offset);
      else return await this.#committed(entries, outcome);
    }
  }

  async #rewind(offset: number): Promise<void> {
    this.statistics.errors++;
    this.#offset = Math.max(offset, this.#options.log.firstOffset);
    await this.#saveCursor();
  }

  async #committed(entries: readonly JournaledBatch[], outcome: SinkOutcome): Promise<void> {
    this.#recovered();
    if (outcome.kind === 'refused') {
      this.statistics.errors += outcome.parts.length;
      const { onRefused } = this.#options;
      const kept = await this.#persistently('refused parts', () => {
        onRefused?.(this.name, outcome.parts);
        return true;
      });
      if (!kept) return;
    }
    this.statistics.stored(entries);
    this.#offset = (entries.at(-1)?.offset ?? this.#offset - 1) + 1;
    this.#options.onCommitted?.(entries);
    for (const done of this.#commitWaiters) done();
    this.#saveCursorSoon();
  }

  /** Resolves at the next commit, or when a signal aborts. */
  #nextCommit(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#commitWaiters.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#commitWaiters.add(done);
      signal.addEventListener('abort', done);
    });
  }

  #saveCursorSoon(): void {
    if (this.#abort.signal.aborted) return;
    this.#cursorDue ??= setTimeout(() => {
      this.#cursorDue = undefined;
      void this.#saveCursor();
    }, cursorIntervalMs).unref();
  }

  async #saveCursor(): Promise<void> {
    if (this.#options.startAt === 'end' || this.#offset === this.#cursorSaved) return;
    const offset = this.#offset;
    try {
      await this.#options.log.setCursor(this.name, offset);
      this.#cursorSaved = offset;
    } catch (error) {
      this.#saveCursorSoon();
      this.statistics.errors++;
      this.#options.logger.warn(
        { err: error, sink: this.name },
        'The cursor was not saved; it is tried again',
      );
    }
  }

  /** Tries a step until it succeeds; answers undefined when the runner stops before that. */
  async #persistently<Value>(
    subject: string,
    step: () => Value | Promise<Value>,
  ): Promise<Value | undefined> {
    while (!this.#abort.signal.aborted) {
      try {
        const value = await step();
        this.#recovered();
        return value;
      } catch (error) {
        await this.#failed(failureOf(subject, error));
      }
    }
    return undefined;
  }

  /** Counts, reports once a burst, and pauses. */
  async #failed(failure: SinkFailure): Promise<void> {
    this.#failures++;
    this.statistics.errors++;
    if (this.#lastFailure?.code !== failure.code) {
      this.#options.logger.warn({ sink: this.name, ...failure }, describeFailure(failure));
    }
    this.#lastFailure = failure;
    const { backoff = sinkBackoff, random, sleep = pause } = this.#options;
    const pauseMs = Math.max(failure.retryAfterMs ?? 0, backoffMs(this.#failures, backoff, random));
    await sleep(pauseMs, this.#abort.signal);
  }

  #recovered(): void {
    if (this.#lastFailure) {
      this.#options.logger.info({ sink: this.name, failures: this.#failures }, 'The sink stores again');
    }
    this.#failures = 0;
    this.#lastFailure = undefined;
  }
}

function failureOf(subject: string, error: unknown): SinkFailure {
  if (error instanceof FieldlineError) {
    return { code: error.code, subject: error.subject, detail: error.detail };
  }
  return {
    code: 'SINK_STEP_FAILED',
    subject,
    detail: error instanceof Error ? error.message : String(error),
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

/** One line for people: the thing, what happened, what to do. */
export function describeFailure(failure: SinkFailure): string {
  const { title, remedy } = errorEntry(failure.code);
  return [`${failure.subject}: ${title}`, failure.detail, remedy, `[${failure.code}]`]
    .filter(Boolean)
    .join(' ');
}
