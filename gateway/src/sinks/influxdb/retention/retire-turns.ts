import type { SinkLogger } from '../../sink.ts';
import type { InTurn } from '../in-turn.ts';
import {
  heldText,
  HeldTurns,
  notRolledUpText,
  writesUnsettledText,
  writtenMeanwhileText,
  type HeldReason,
} from './held-turns.ts';
import { notRolledUp, type InfluxRetention, type RetentionView } from './influx-retention.ts';
import type { Dropping, RetiredReadings } from './retired-readings.ts';
import type { ShardSpan } from './shard-spans.ts';

/** How often it is looked for readings that are older than they are kept. */
export const retireEveryMs = 10_000;

/** Pause after a turn that failed, and after one in which somebody had to do something first. */
const pauseMs = 60_000;

/** Stretches of shards that one turn drops at most; the next one goes on. */
const stepsMax = 64;

/** The store, as its retention sees it. */
export interface RetireHost {
  readonly inTurn: InTurn;
  readonly retired: RetiredReadings;
  readonly view: Omit<RetentionView, 'nowUs'>;
  /** Wall clock, µs UTC. */
  nowUs(): number;
  /** Time of the newest reading of all; -Infinity where there is none. Rejects where the store does not answer. */
  newestUs(): Promise<number>;
  /**
   * Whether everything that was begun to be written is written to its end: what is written again afterwards would be stored a second
   * time once it was dropped.
   */
  isSettled(): boolean;
  /** Makes position and retention durable, also against a power cut. Rejects with what the disk says. */
  save(): Promise<void>;
}

/**
 * Retires readings a stretch of shards at a time, the oldest first. What takes long is worked out beside the writes; for the drop itself they
 * wait.
 */
export class RetireTurns {
  readonly #retention: InfluxRetention;
  readonly #host: RetireHost;
  readonly #keepUs: number;
  readonly #logger: SinkLogger;
  #isRunning = false;
  #pausedUntilMs = -Infinity;
  #told: string | undefined;
  /** Turns in which something was due and did not go. */
  readonly held = new HeldTurns();
  /** Turns that failed. */
  failures = 0;

  /** `keepUs`: how long readings are kept. */
  constructor(retention: InfluxRetention, host: RetireHost, keepUs: number, logger: SinkLogger) {
    this.#retention = retention;
    this.#host = host;
    this.#keepUs = keepUs;
    this.#logger = logger;
  }

  /** How often InfluxDB refused what stays of a shard. */
  get refusals(): number {
    return this.#retention.refusals;
  }

  /** Before anything is written: what is stored from now on lies in shards that can go. Rejects where InfluxDB does not do it. */
  async prepareStore(): Promise<void> {
    if (Number.isFinite(this.#keepUs)) await this.#retention.shorten(this.#keepUs);
  }

  /** One turn, where none is under way. Never rejects: what fails is told once, and tried again the next time. */
  async take(): Promise<void> {
    if (this.#isRunning || performance.now() < this.#pausedUntilMs) return;
    this.#isRunning = true;
    try {
      await this.retire();
    } catch (error) {
      this.failures += 1;
      this.#pause({ err: error }, 'Readings in InfluxDB were not retired; it is tried again');
    } finally {
      this.#isRunning = false;
    }
  }

  /** Removes now what is older than it is kept. Rejects where InfluxDB does not answer. */
  async retire(): Promise<void> {
    for (let step = 0; step < stepsMax && (await this.#step()); step++);
  }

  /** Ends a drop that was begun. Rejects where InfluxDB does not do it now: then nothing may be written yet. */
  async finish(): Promise<void> {
    const { retired, view } = this.#host;
    if (!retired.dropping) return;
    await this.#retention.carryOut(retired.dropping);
    retired.endDrop();
    view.rolled.retired(retired.untilUs);
    await this.#host.save();
  }

  /** Drops the oldest stretch that is due; false where there is none, or it cannot go yet. */
  async #step(): Promise<boolean> {
    const host = this.#host;
    const { retired } = host;
    if (retired.dropping) return await this.#resume(retired);
    const span = await this.#retention.next(retired.untilUs, host.nowUs() - this.#keepUs);
    const nowUs = span ? Math.min(host.nowUs(), await host.newestUs()) : -Infinity;
    if (!span || span.toUs > nowUs - this.#keepUs) {
      this.held.end();
      return false;
    }
    const lacking = notRolledUp(span.toUs, host.view);
    if (lacking) return this.#hold(span, 'not-rolled-up', notRolledUpText(lacking));
    const isWatched = await host.inTurn.run(() => {
      const isReady = this.#isReady(retired);
      if (isReady) retired.watch(span.fromUs, span.toUs);
      return Promise.resolve(isReady);
    });
    if (!isWatched) return this.#hold(span, 'writes-unsettled', writesUnsettledText);
    try {
      return await this.#drop(span, nowUs, retired);
    } finally {
      retired.unwatch();
    }
  }

  /** Ends a drop that was cut off: no batch may come for a long time, and what stays is missing until then. */
  async #resume(retired: RetiredReadings): Promise<boolean> {
    return await this.#host.inTurn.run(async () => {
      const { dropping } = retired;
      // A write may have ended it.
      if (!dropping) return true;
      if (!this.#isCurrent(retired)) return this.#hold(dropping, 'writes-unsettled', writesUnsettledText);
      await this.finish();
      this.#end();
      return true;
    });
  }

  /** Drops the stretch, which is watched. */
  async #drop(span: ShardSpan, nowUs: number, retired: RetiredReadings): Promise<boolean> {
    const { view, inTurn } = this.#host;
    const prepared = await this.#retention.prepare(span, { ...view, nowUs });
    if (prepared.kind === 'held') {
      this.held.count(prepared.cause);
      this.#pause({}, `Readings in InfluxDB are kept: ${prepared.reason}`);
      return false;
    }
    return await inTurn.run(async () => {
      const { disturbedBy } = retired;
      if (disturbedBy !== undefined)
        return this.#hold(span, 'written-meanwhile', writtenMeanwhileText(disturbedBy));
      if (!this.#isReady(retired)) return this.#hold(span, 'writes-unsettled', writesUnsettledText);
      await this.#dropNow(prepared.dropping, retired);
      return true;
    });
  }

  async #dropNow(dropping: Dropping, retired: RetiredReadings): Promise<void> {
    retired.beginDrop(dropping);
    await this.#saveBegin(retired);
    await this.finish();
    this.#end();
  }

  /** Something went: what keeps the next from going is told anew. */
  #end(): void {
    this.#told = undefined;
    this.held.end();
  }

  #isReady(retired: RetiredReadings): boolean {
    return this.#isCurrent(retired) && !retired.dropping;
  }

  #isCurrent(retired: RetiredReadings): boolean {
    return this.#host.isSettled() && this.#host.retired === retired;
  }

  /** The stretch does not go in this turn; where that goes on, it is told. Answers false: there is nothing more to do. */
  #hold(span: ShardSpan, reason: HeldReason, why: string): false {
    if (this.held.count(reason)) this.#tell({ reason }, heldText(span, why));
    return false;
  }

  async #saveBegin(retired: RetiredReadings): Promise<void> {
    try {
      await this.#host.save();
    } catch (error) {
      retired.cancelDrop();
      throw error;
    }
  }

  #pause(about: object, message: string): void {
    this.#pausedUntilMs = performance.now() + pauseMs;
    this.#tell(about, message);
  }

  #tell(about: object, message: string): void {
    if (this.#told !== message) this.#logger.warn(about, message);
    this.#told = message;
  }
}
