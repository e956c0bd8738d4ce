import type { SinkLogger } from '../../sink.ts';
import type { CatalogEntry } from '../stream-catalog.ts';
import type { InfluxRollups } from './influx-rollups.ts';
import type { RolledHours } from './rolled-hours.ts';

/** How often hours are looked for that are due. */
export const rollEveryMs = 1000;

/** While writes do not pause, a turn comes after so many that were left out: what a backlog fills changes again at once. */
const turnsLeftOut = 10;

/** How long one turn may take; a piece that was begun is ended. */
const turnMs = 500;

/** Pause after a turn that failed. */
const pauseMs = 60_000;

/** What a turn works on. */
export interface RollWork {
  readonly entries: readonly CatalogEntry[];
  readonly rolled: RolledHours;
  readonly nowUs: number;
  /** Whether a write waits for the end of the turn. */
  readonly isWaitedFor: () => boolean;
}

/**
 * Rolls up a little at a time: each stream in its turn, an hour a turn. While readings are written without a pause, one hour between
 * two writes every ten seconds; while none are, for half of the time. What fails is told once and looked at again after a pause; the readings
 * themselves are stored, so that nothing waits for it.
 */
export class RollTurns {
  readonly #rollups: InfluxRollups;
  readonly #logger: SinkLogger;
  #pausedUntilMs = 0;
  #place = 0;
  #isFailing = false;
  #leftOut = turnsLeftOut;
  /** Hours of streams that were rolled up, repetitions counted. */
  hours = 0;
  /** Turns that failed. */
  failures = 0;

  constructor(rollups: InfluxRollups, logger: SinkLogger) {
    this.#rollups = rollups;
    this.#logger = logger;
  }

  /** The database was made anew: why a turn failed before counts no more. */
  startAnew(): void {
    this.#pausedUntilMs = 0;
    this.#isFailing = false;
  }

  /** Whether a turn is to be taken now; `isBusy`: readings are written at this moment. */
  isDue(isBusy: boolean): boolean {
    this.#leftOut = isBusy && this.#leftOut < turnsLeftOut ? this.#leftOut + 1 : 0;
    return this.#leftOut === 0;
  }

  /** One turn, unless one has failed just now. Never rejects. */
  async take(work: RollWork): Promise<void> {
    const startMs = performance.now();
    if (startMs < this.#pausedUntilMs) return;
    try {
      const failure = await this.#roll(work, startMs + turnMs);
      if (failure) this.#failed(failure);
      else this.#isFailing = false;
    } catch (error) {
      this.#failed({ err: error });
    }
  }

  async #roll({ entries, rolled, nowUs, isWaitedFor }: RollWork, endMs: number): Promise<object | undefined> {
    for (let idle = 0; idle < entries.length && performance.now() < endMs;) {
      const entry = entries[this.#place++ % entries.length];
      if (!entry) return undefined;
      const outcome = await this.#rollups.rollNext(entry, rolled, nowUs);
      if (outcome.kind === 'failed') return outcome.failure;
      if (outcome.kind === 'rolled') {
        idle = 0;
        this.hours += 1;
        if (isWaitedFor()) return undefined;
      } else idle += 1;
    }
    return undefined;
  }

  #failed(about: object): void {
    this.failures += 1;
    this.#pausedUntilMs = performance.now() + pauseMs;
    if (!this.#isFailing) this.#logger.warn(about, 'Hours in InfluxDB were not rolled up; it is tried again');
    this.#isFailing = true;
  }
}
