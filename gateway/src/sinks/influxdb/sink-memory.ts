import type { SinkLogger } from '../sink.ts';
import { RetiredReadings } from './retention/retired-readings.ts';
import { RolledHours } from './rollups/rolled-hours.ts';
import type { StateFile, WritableState } from './state-file.ts';
import { TimeSeparation } from './time-separation.ts';
import { WrittenTags } from './written-tags.ts';

/** How often the state file follows the writes; a crash writes at most this much again, to the same points. */
const stateIntervalMs = 2000;

/**
 * What the sink remembers of the database beside it: in memory, and in its state file. Before `restore` has succeeded there is nothing that
 * could be saved: a sink that never came so far leaves the file as it is.
 */
export class SinkMemory {
  readonly #file: StateFile;
  readonly #logger: SinkLogger;
  #isRestored = false;
  #savedAtMs = 0;
  /** The next entry of the journal to write. */
  offset = 0;
  separation = new TimeSeparation();
  rolled = new RolledHours();
  tags = new WrittenTags();
  retired = new RetiredReadings();

  constructor(file: StateFile, logger: SinkLogger) {
    this.#file = file;
    this.#logger = logger;
  }

  /** Takes over what the file holds. Throws INFLUX_STATE_UNUSABLE where it is there and cannot be read now: nothing may be written then. */
  restore(): void {
    this.#isRestored = false;
    const state = this.#file.read(this.#logger);
    this.separation = new TimeSeparation(state?.covered);
    this.rolled = new RolledHours(state?.rolled);
    this.tags = new WrittenTags(state?.tags);
    this.offset = state?.offset ?? 0;
    this.retired = new RetiredReadings(state?.retired);
    this.retired.keep(this.offset);
    this.rolled.retired(this.retired.untilUs);
    this.#isRestored = true;
  }

  /** Whether readings were retired of which this may know nothing any more: their rollups are all that is left. */
  get mayHaveLost(): boolean {
    return this.retired.untilUs > Number.NEGATIVE_INFINITY || this.#file.wasPutAside;
  }

  /** The journal comes again from `offset` on, into the database as it is. */
  async rebuild(offset: number): Promise<void> {
    this.separation = new TimeSeparation();
    this.rolled = new RolledHours();
    this.rolled.retired(this.retired.untilUs);
    this.offset = offset;
    await this.save();
  }

  /** The database is lost, and what is known of its points with it. */
  forget(): void {
    this.separation = new TimeSeparation();
    this.rolled = new RolledHours();
    this.retired = new RetiredReadings();
    this.offset = 0;
  }

  /** Removes the file durably. Rejects with INFLUX_STATE_UNUSABLE. */
  async remove(): Promise<void> {
    await this.#file.remove();
  }

  /** Saves, unless that was done just now. */
  async saveInTime(): Promise<void> {
    if (performance.now() - this.#savedAtMs > stateIntervalMs) await this.save();
  }

  /** Saves; what keeps it from that is told, and it is tried again at the next save. */
  async save(): Promise<void> {
    if (!this.#isRestored) return;
    this.#savedAtMs = performance.now();
    try {
      await this.#file.write(this.#state());
    } catch (error) {
      this.#logger.warn({ err: error }, 'The state of the InfluxDB sink was not saved; it is tried again');
    }
  }

  /** Saves, also against a power cut. Rejects where that is not possible. */
  async saveDurably(): Promise<void> {
    await this.#file.write(this.#state());
    await this.#file.settle();
  }

  #state(): WritableState {
    const retired = this.retired.state();
    return {
      version: 1,
      offset: this.offset,
      covered: this.separation.state(),
      tags: this.tags.state(),
      rolled: this.rolled.state(),
      ...(retired && { retired }),
    };
  }
}
