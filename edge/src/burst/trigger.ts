import type { TriggerPlan } from './burst-plan.ts';

/** Looks for what starts a burst, block after block, and remembers what it must between them. */
export interface Trigger {
  /**
   * The first row from `from` on at which a burst starts, or `v.length`. Every row is looked at once: the next
   * call goes on behind the row that was answered. NaN is no sample.
   */
  find(t: Float64Array, v: Float64Array, from: number): number;
}

/** The trigger of a plan, new. */
export function createTrigger(plan: TriggerPlan): Trigger {
  if (plan.kind === 'level') return new LevelTrigger(plan);
  return plan.kind === 'slope' ? new SlopeTrigger(plan.perSec) : new ZScoreTrigger(plan);
}

class LevelTrigger implements Trigger {
  readonly #sign: number;
  readonly #level: number;
  readonly #rearm: number;
  /** Whether the value was beyond the level by the hysteresis since the last burst. */
  #armed = false;

  constructor({ level, hysteresis, edge }: TriggerPlan & { kind: 'level' }) {
    this.#sign = edge === 'rising' ? 1 : -1;
    this.#level = this.#sign * level;
    this.#rearm = this.#level - hysteresis;
  }

  find(_t: Float64Array, v: Float64Array, from: number): number {
    const sign = this.#sign;
    let row = from;
    while (row < v.length) {
      if (this.#armed) {
        const level = this.#level;
        while (row < v.length && !(sign * v[row]! >= level)) row += 1;
        if (row === v.length) return row;
        this.#armed = false;
        return row;
      }
      const rearm = this.#rearm;
      // With a hysteresis of 0 the level itself must not arm: the value has to come from beyond it.
      while (row < v.length && !(sign * v[row]! <= rearm && sign * v[row]! < this.#level)) row += 1;
      this.#armed = row < v.length;
    }
    return row;
  }
}

class SlopeTrigger implements Trigger {
  readonly #sign: number;
  readonly #perUs: number;
  #lastUs = Number.NaN;
  #last = Number.NaN;
  /** Whether the slope was below the limit since the last burst. */
  #armed = true;

  constructor(perSec: number) {
    this.#sign = Math.sign(perSec);
    this.#perUs = Math.abs(perSec) / 1e6;
  }

  find(t: Float64Array, v: Float64Array, from: number): number {
    for (let row = from; row < v.length; row++) {
      const value = v[row]!;
      if (Number.isNaN(value)) continue;
      const isSteep = (value - this.#last) * this.#sign >= (t[row]! - this.#lastUs) * this.#perUs;
      this.#last = value;
      this.#lastUs = t[row]!;
      if (isSteep && this.#armed) {
        this.#armed = false;
        return row;
      }
      this.#armed = !isSteep;
    }
    return v.length;
  }
}

/**
 * The running mean and variance forget exponentially (Finch 2009, "Incremental calculation of weighted mean and
 * variance", eq. 124 and 143). A sample is compared before it counts itself.
 */
class ZScoreTrigger implements Trigger {
  readonly #zSquared: number;
  readonly #samples: number;
  #seen = 0;
  #mean = 0;
  #variance = 0;
  #armed = true;

  constructor({ z, samples }: TriggerPlan & { kind: 'z-score' }) {
    this.#zSquared = z * z;
    this.#samples = samples;
  }

  find(_t: Float64Array, v: Float64Array, from: number): number {
    for (let row = from; row < v.length; row++) {
      const value = v[row]!;
      if (Number.isNaN(value)) continue;
      const difference = value - this.#mean;
      const isKnown = this.#seen >= this.#samples && this.#variance > 0;
      const isFar = isKnown && difference * difference >= this.#zSquared * this.#variance;
      this.#learn(difference);
      if (isFar && this.#armed) {
        this.#armed = false;
        return row;
      }
      this.#armed = !isFar;
    }
    return v.length;
  }

  #learn(difference: number): void {
    this.#seen += 1;
    const share = 1 / Math.min(this.#seen, this.#samples);
    const step = share * difference;
    this.#mean += step;
    this.#variance = (1 - share) * (this.#variance + difference * step);
  }
}
