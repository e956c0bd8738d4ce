import type { ClockQuality } from '@fieldline/protocol';
import type { Clock, TimeBase } from './clock.ts';
import { ReceiverClock } from './receiver-clock.ts';
import { clockFloorUs, systemTimeSources, type SyncEvidence, type TimeSources } from './time-sources.ts';

/** How a device clock decides. */
export interface DeviceClockOptions {
  readonly sources?: TimeSources;
  /**
   * How long a doubtful wall clock is not believed, in microseconds: since the boot where a time service has
   * not set it yet, since the start of this clock where it is before a known time.
   */
  readonly settleUs?: number;
  /** The sensor whose time sets the clock; the wall clock counts until it does, and only if a time service has set that. */
  readonly receiver?: TimeReceiver | undefined;
}

/** A receiver of satellite time as the source of a clock. */
export interface TimeReceiver {
  readonly sensor: string;
  /** How long after its time a time arrives at least, in microseconds. */
  readonly delayUs: number;
}

/** A wall clock further than this from the anchor was stepped: its own steps are a millisecond. */
const stepUs = 2000;
/** A clock that has not been told the time for so long holds over. */
const toldUs = 300_000_000;
const evidenceIntervalUs = 1_000_000;
const settleDefaultUs = 120_000_000;
/** Corrections of the clock between two runs up to this raise no doubt. */
const knownToleranceUs = 10_000_000;

/**
 * The clock of a device: the monotonic clock of its boot, and an anchor that says which UTC time that is.
 *
 * There is no anchor as long as the wall clock is implausible: before the floor date, or for a while (`settleUs`)
 * if a time service runs that has not set it yet, or if it is before a time that the device has seen. Until then
 * `nowUs` is the time since the boot. Later jumps of the wall clock move the anchor, except back below the floor.
 */
export class DeviceClock implements Clock {
  readonly #sources: TimeSources;
  readonly #options: DeviceClockOptions;
  readonly #startedUs: number;
  #offsetUs: number | undefined;
  #generation = 0;
  #newestUs = Number.NEGATIVE_INFINITY;
  #step: TimeBase['step'];
  #evidence: SyncEvidence = 'none';
  #evidenceAtUs = Number.NEGATIVE_INFINITY;
  #knownUs = Number.NEGATIVE_INFINITY;
  /** Whether the wall clock was believed when it was last looked at. */
  #agrees = false;
  readonly #receiverClock = new ReceiverClock();
  /** When the receiver told the time last, monotonic. */
  #toldAtUs = Number.NEGATIVE_INFINITY;

  constructor(options: DeviceClockOptions = {}) {
    this.#options = options;
    this.#sources = options.sources ?? systemTimeSources();
    this.#startedUs = this.#sources.monotonicUs();
  }

  nowUs(): number {
    const monotonicUs = this.#sources.monotonicUs();
    this.#followWallClock(monotonicUs);
    if (this.#offsetUs === undefined) return Math.floor(monotonicUs);
    const nowUs = Math.floor(monotonicUs + this.#offsetUs);
    if (nowUs > this.#newestUs) this.#newestUs = nowUs;
    return nowUs;
  }

  quality(): ClockQuality {
    this.nowUs();
    if (this.#offsetUs === undefined) return 'unset';
    if (this.#sources.monotonicUs() - this.#toldAtUs <= toldUs) return 'synced';
    return this.#agrees && this.#evidence !== 'waiting' ? 'synced' : 'holdover';
  }

  get base(): TimeBase {
    const [generation, offsetUs] = [this.#generation, this.#offsetUs];
    return { generation, offsetUs, newestUs: this.#newestUs, step: this.#step };
  }

  /** The device has seen this time (µs UTC): a wall clock before it is doubted. Called before `nowUs`. */
  doubtBefore(knownUs: number): void {
    this.#knownUs = knownUs;
  }

  /**
   * The configured receiver says that it was `utcUs` when `nowUs` answered `atUs`. The clock follows as soon as a
   * few of its times agree; what another sensor says is ignored.
   */
  hear(sensor: string, utcUs: number, atUs: number): void {
    const { receiver } = this.#options;
    if (receiver?.sensor !== sensor || utcUs < clockFloorUs) return;
    const arrivedUs = atUs - (atUs < clockFloorUs ? 0 : (this.#offsetUs ?? 0));
    const offsetUs = this.#receiverClock.hear(utcUs + receiver.delayUs, arrivedUs);
    if (offsetUs === undefined) return;
    this.#toldAtUs = this.#sources.monotonicUs();
    this.#anchor(offsetUs, this.#toldAtUs);
  }

  #followWallClock(monotonicUs: number): void {
    const wallUs = this.#sources.wallUs();
    // Where the process was held up between the two clocks, they tell less exactly what belongs together.
    const doubtUs = Math.ceil((this.#sources.monotonicUs() - monotonicUs) / 2);
    this.#agrees = this.#isPlausible(wallUs, monotonicUs);
    if (this.#agrees) this.#anchor(wallUs - monotonicUs - doubtUs, monotonicUs, doubtUs);
  }

  #isPlausible(wallUs: number, monotonicUs: number): boolean {
    if (wallUs < clockFloorUs) return false;
    if (monotonicUs - this.#evidenceAtUs >= evidenceIntervalUs) {
      this.#evidence = this.#sources.evidence();
      this.#evidenceAtUs = monotonicUs;
    }
    if (this.#options.receiver) return this.#evidence === 'synced' && !this.#wasTold;
    if (this.#evidence === 'synced' || this.#offsetUs !== undefined) return true;
    const { settleUs = settleDefaultUs } = this.#options;
    if (this.#evidence === 'waiting' && monotonicUs < settleUs) return false;
    return wallUs >= this.#knownUs - knownToleranceUs || monotonicUs - this.#startedUs >= settleUs;
  }

  get #wasTold(): boolean {
    return Number.isFinite(this.#toldAtUs);
  }

  /** `doubtUs`: the offset may be wrong by so much, either way. */
  #anchor(offsetUs: number, monotonicUs: number, doubtUs = 0): void {
    const lastUs = this.#offsetUs;
    if (lastUs !== undefined && Math.abs(offsetUs - lastUs) <= stepUs + doubtUs) return;
    this.#offsetUs = offsetUs;
    this.#generation += 1;
    if (lastUs === undefined) return;
    this.#step = { fromUs: Math.floor(monotonicUs + lastUs), toUs: Math.floor(monotonicUs + offsetUs) };
    this.#newestUs = Math.max(this.#newestUs, this.#step.fromUs);
  }
}
