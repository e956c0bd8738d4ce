import { CycleEnd } from './cycle-end.ts';
import type { NmeaPart, PartialFix } from './nmea-to-part.ts';

/** One fix: all that the sentences of one epoch say. Quantities that none of them gave are undefined. */
export interface Fix extends PartialFix {
  /** When the epoch's first sentence arrived, µs UTC by the device's clock. */
  readonly atUs: number;
  readonly lat: number;
  readonly lon: number;
}

interface Epoch {
  readonly time: string;
  readonly atUs: number;
  readonly values: PartialFix;
  /** How often each key came. */
  readonly seen: Map<string, number>;
  hasFix: boolean;
  isContradicted: boolean;
  end: string;
}

/**
 * Merges the sentences of one epoch (those with the same time of day, and those without one among them) into
 * one fix. A sentence that says "no fix" outweighs every other of its epoch: a wrong position is worse than
 * none. An epoch ends where another time of day begins, or at the sentence with which this receiver's epochs
 * have ended before.
 */
export class EpochMerger {
  readonly #cycleEnd = new CycleEnd();
  #epoch: Epoch | undefined;
  #closedTime: string | undefined;
  /** Figures of sentences without a time that came before the epoch's first sentence with one. */
  #leading: PartialFix = {};

  /** Takes the next sentence; answers the fixes that it completed: none, one or two. */
  push(part: NmeaPart, atUs: number): Fix[] {
    const fixes: Fix[] = [];
    if (part.time !== undefined && part.time !== this.#epoch?.time) {
      const fix = this.#end(true);
      if (fix) fixes.push(fix);
      if (part.time === this.#closedTime && part.time !== '') {
        // The epoch was closed too early, and its fix has been given: the rest of it has no place.
        this.#cycleEnd.forget();
        return fixes;
      }
      this.#begin(part.time, atUs);
    }
    const fix = this.#add(part);
    if (fix) fixes.push(fix);
    return fixes;
  }

  /** Whether an epoch waits for its end. */
  get isOpen(): boolean {
    return this.#epoch !== undefined;
  }

  /** Ends the epoch that is open: the line fell silent, or was closed. */
  flush(): Fix | undefined {
    return this.#end(false);
  }

  #begin(time: string, atUs: number): void {
    const seen = new Map<string, number>();
    this.#epoch = { time, atUs, values: {}, seen, hasFix: false, isContradicted: false, end: '' };
  }

  #add(part: NmeaPart): Fix | undefined {
    const epoch = this.#epoch;
    if (epoch === undefined) {
      this.#leading = { ...this.#leading, ...part.values };
      return undefined;
    }
    const count = (epoch.seen.get(part.key) ?? 0) + 1;
    epoch.seen.set(part.key, count);
    epoch.end = `${part.key}/${count}`;
    if (part.hasFix === false) epoch.isContradicted = true;
    else addMissing(epoch.values, part.values);
    if (part.hasFix === true && part.values.lat !== undefined) epoch.hasFix = true;
    return this.#cycleEnd.isEnd(epoch.end) ? this.#end(false) : undefined;
  }

  #end(whole: boolean): Fix | undefined {
    const epoch = this.#epoch;
    if (epoch === undefined) return undefined;
    if (whole) this.#cycleEnd.observe(epoch.end);
    this.#epoch = undefined;
    this.#closedTime = epoch.time;
    const leading = this.#leading;
    this.#leading = {};
    const { lat, lon } = epoch.values;
    if (!epoch.hasFix || epoch.isContradicted || lat === undefined || lon === undefined) return undefined;
    addMissing(epoch.values, leading);
    return { ...epoch.values, lat, lon, atUs: epoch.atUs };
  }
}

/** Takes over what is not known yet: the first sentence of an epoch that gives a figure counts. */
function addMissing(values: PartialFix, more: PartialFix): void {
  if (values.lat === undefined && more.lat !== undefined) {
    values.lat = more.lat;
    values.lon = more.lon;
  }
  values.altitude ??= more.altitude;
  values.speed ??= more.speed;
  values.course ??= more.course;
  values.satellites ??= more.satellites;
  values.hdop ??= more.hdop;
}
