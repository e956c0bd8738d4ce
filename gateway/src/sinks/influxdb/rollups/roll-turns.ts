import type { SinkLogger } from '../../sink.ts';
import type { CatalogEntry } from '../stream-catalog.ts';
import type { InfluxRollups } from './influx-rollups.ts';
import type { RolledHours } from './rolled-hours.ts';

/** How often hours are looked for that are due. */
export const rollEveryMs = 1000;

/** How long one turn may take before the next write goes on; a piece that was begun is ended. */
const turnMs = 200;

/** Pause after a turn that failed. */
const pauseMs = 60_000;

/**
 * Rolls up between writes, a little at a time: each stream in its turn, an hour a turn. What fails is told once and looked at
 * again after a pause; the readings themselves are stored, so that nothing waits for it.
 */
export class RollTurns {
  readonly #rollups: InfluxRollups;
  readonly #logger: SinkLogger;
  readonly #everyMs: number;
  #nextMs: number;
  #place = 0;
  #isFailing = false;

  constructor(rollups: InfluxRollups, logger: SinkLogger, everyMs: number = rollEveryMs) {
    this.#rollups = rollups;
    this.#logger = logger;
    this.#everyMs = everyMs;
    this.#nextMs = performance.now() + everyMs;
  }

  /** The database was made anew: why a turn failed before counts no more. */
  startAnew(): void {
    this.#nextMs = performance.now() + this.#everyMs;
    this.#isFailing = false;
  }

  /** One turn, where it is time for one. Never rejects. */
  async take(entries: readonly CatalogEntry[], rolled: RolledHours, nowUs: number): Promise<void> {
    const startMs = performance.now();
    if (startMs < this.#nextMs) return;
    this.#nextMs = startMs + this.#everyMs;
    try {
      for (let idle = 0; idle < entries.length && performance.now() < startMs + turnMs;) {
        const entry = entries[this.#place++ % entries.length];
        if (!entry) return;
        const outcome = await this.#rollups.rollNext(entry, rolled, nowUs);
        if (outcome.kind === 'failed') return this.#failed(outcome.failure);
        idle = outcome.kind === 'rolled' ? 0 : idle + 1;
      }
      this.#isFailing = false;
    } catch (error) {
      this.#failed({ err: error });
    }
  }

  #failed(about: object): void {
    this.#nextMs = performance.now() + pauseMs;
    if (!this.#isFailing) this.#logger.warn(about, 'Hours in InfluxDB were not rolled up; it is tried again');
    this.#isFailing = true;
  }
}
