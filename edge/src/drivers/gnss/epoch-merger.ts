import { CycleEnd } from './cycle-end.ts';
import type { NmeaPart, PartialFix } from './nmea-to-part.ts';

/** One fix: all that the sentences of one epoch say. Quantities that none of them gave are undefined. */
export interface Fix extends PartialFix {
  /** When the epoch's first sentence arrived, µs UTC by the device's clock. */
  readonly atUs: number;
  readonly lat: number;
  readonly lon: number;
  /** Its time of day by the receiver, as sent; empty where it sent none. */
  readonly time: string;
  /** Its day by the receiver, as sent; undefined where none of its sentences gave one. */
  readonly date: string | undefined;
}

interface Epoch {
  readonly time: string;
  readonly atUs: number;
  readonly values: PartialFix;
  /** How often each key came. */
  readonly seen: Map<string, number>;
  date: string | undefined;
  hasFix: boolean;
  isContradicted: boolean;
  /** What the sentences say that speak of one constellation: one "fix" outweighs any "no fix" of the others. */
  partial: boolean | undefined;
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
  /** The epoch before, and whether it gave a fix: more of it may come. */
  #closed: { readonly epoch: Epoch; readonly gaveFix: boolean } | undefined;
  /** Figures of sentences without a time that came before the epoch's first sentence with one. */
  #leading: PartialFix = {};

  /** Takes the next sentence; answers the fixes that it completed: none, one or two. */
  push(part: NmeaPart, atUs: number): Fix[] {
    const fixes: Fix[] = [];
    // A receiver without a time: only what comes again tells its epochs apart.
    const isAgain = part.time === '' && this.#epoch?.seen.has(part.key) === true;
    if (part.time !== undefined && (isAgain || part.time !== this.#epoch?.time)) {
      const fix = this.#end(true);
      if (fix) fixes.push(fix);
      const closed = this.#closed;
      if (closed?.epoch.time === part.time && part.time !== '') {
        // It was closed too early. Once its fix has been given, the rest of it has no place.
        this.#cycleEnd.forget();
        if (closed.gaveFix) return fixes;
        this.#epoch = closed.epoch;
      } else this.#begin(part.time, atUs);
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
    this.#epoch = {
      time,
      atUs,
      values: {},
      seen,
      date: undefined,
      hasFix: false,
      isContradicted: false,
      partial: undefined,
      end: '',
    };
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
    epoch.date ??= part.date;
    if (part.isPartial === true)
      epoch.partial = epoch.partial === true ? true : (part.hasFix ?? epoch.partial);
    else if (part.hasFix === false) epoch.isContradicted = true;
    if (part.hasFix !== false) addMissing(epoch.values, part.values);
    if (part.hasFix === true && part.values.lat !== undefined) epoch.hasFix = true;
    return this.#cycleEnd.isEnd(epoch.end) ? this.#end(false) : undefined;
  }

  #end(whole: boolean): Fix | undefined {
    const epoch = this.#epoch;
    if (epoch === undefined) return undefined;
    if (whole) this.#cycleEnd.observe(epoch.end);
    this.#epoch = undefined;
    const fix = this.#fixOf(epoch);
    this.#closed = { epoch, gaveFix: fix !== undefined };
    return fix;
  }

  #fixOf(epoch: Epoch): Fix | undefined {
    const leading = this.#leading;
    this.#leading = {};
    const { lat, lon } = epoch.values;
    const isDenied = epoch.isContradicted || epoch.partial === false;
    if (!epoch.hasFix || isDenied || lat === undefined || lon === undefined) return undefined;
    addMissing(epoch.values, leading);
    const { atUs, time, date } = epoch;
    return { ...epoch.values, lat, lon, atUs, time, date };
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
  values.deviation ??= more.deviation;
}
