import { encodeBatch, type Batch } from '@fieldline/protocol';
import type { Random } from '../random/seeded-random.ts';
import { seattleTemperature } from '../sensors/seattle-series.ts';

/** Readings that wait for a batch while the gateway is away; beyond it they are lost, and the account says so. */
const OPEN_READINGS_MAX = 10_000;
const HOURS_A_YEAR = 8759;
const US_PER_HOUR = 3_600_000_000;
/** The Seattle year passes so many times as fast here. */
const SPEED = 1800;

/** One device of a fleet: takes readings, seals them into real batches, keeps its account. No sensor, no outbox. */
export class FleetDevice {
  readonly id: string;
  readonly #epoch: string;
  readonly #random: Random;
  readonly #startHour: number;
  readonly #startedAtUs: number;
  #times: number[] = [];
  #values: number[] = [];
  #seq = 0;
  #taken = 0;
  #lost = 0;
  #batched = 0;

  /** `epoch` must be new at every start, since a fleet forgets what it has not sent. */
  constructor(about: { id: string; epoch: string; random: Random; nowUs: number }) {
    this.id = about.id;
    this.#epoch = about.epoch;
    this.#random = about.random;
    this.#startHour = about.random.integer(HOURS_A_YEAR);
    this.#startedAtUs = about.nowUs;
  }

  /** Readings taken so far, and those of them that found no room. */
  get totals(): { taken: number; lost: number } {
    return { taken: this.#taken, lost: this.#lost };
  }

  /** Takes one reading at `atUs`. */
  take(atUs: number): void {
    this.#taken += 1;
    if (this.#times.length >= OPEN_READINGS_MAX) {
      this.#lost += 1;
      return;
    }
    const hour = this.#startHour + ((atUs - this.#startedAtUs) / US_PER_HOUR) * SPEED;
    const value = seattleTemperature(hour) + 0.05 * this.#random.normal();
    this.#times.push(atUs);
    this.#values.push(Math.round(value * 100) / 100);
  }

  /** Seals what was taken since the last batch; answers the payload. */
  seal(nowUs: number): Uint8Array {
    this.#seq += 1;
    this.#batched += this.#times.length;
    const batch: Batch = {
      v: 1,
      device: this.id,
      epoch: this.#epoch,
      seq: this.#seq,
      bootId: this.#epoch,
      sentAt: nowUs,
      clock: 'synced',
      configVersion: 0,
      lane: 'live',
      sensors: [
        {
          sensor: 'air',
          type: 'thermometer',
          kind: 'readings',
          t: Float64Array.from(this.#times),
          fields: { temperature: { unit: 'Cel', v: Float64Array.from(this.#values) } },
        },
      ],
      ledger: {
        'air/temperature': {
          taken: this.#taken,
          filtered: 0,
          refused: 0,
          lost: this.#lost,
          open: 0,
          batched: this.#batched,
        },
      },
    };
    this.#times = [];
    this.#values = [];
    return encodeBatch(batch);
  }
}
