/** A time that a receiver gave. */
export interface ReceiverTime {
  /** µs UTC. */
  readonly utcUs: number;
  /** Weeks that were added to its date since it was before the floor: 0, 1024, 2048 … */
  readonly addedWeeks: number;
}

/** Dates before this are taken for wrong: no receiver that sends them is older than this program. */
export const dateFloorDefault = '2026-01-01';

/** GPS counts weeks in ten bits (IS-GPS-200, 20.3.3.3.1.1): every 1024 weeks a receiver may fall back. */
const rolloverWeeks = 1024;
const dayUs = 86_400_000_000;
const weekUs = 7 * dayUs;
/** More rollovers than this are no rollovers: 39 years. */
const rolloversMax = 2;

/**
 * Makes times of what the sentences say: time of day in most, the day in some. Between two days it goes on over
 * midnight by itself. A day before the floor is corrected by whole rollovers of the week counter, and flagged.
 */
export class ReceiverTimes {
  readonly #floorUs: number;
  #day: { readonly startUs: number; readonly addedWeeks: number } | undefined;
  #lastOfDayUs = 0;

  /** `floorUs`: midnight of the earliest believable day, µs UTC. */
  constructor(floorUs: number) {
    this.#floorUs = floorUs;
  }

  /** The time of an epoch: its time of day `hhmmss.sss`, and its day where one of its sentences gave it. */
  read(time: string, date: string | undefined): ReceiverTime | undefined {
    const ofDayUs = parseTimeOfDay(time);
    if (ofDayUs === undefined) return undefined;
    const given = date === undefined ? undefined : parseDay(date);
    if (given !== undefined) this.#day = corrected(given, this.#floorUs);
    else if (this.#day !== undefined && ofDayUs < this.#lastOfDayUs - dayUs / 2) {
      this.#day = { ...this.#day, startUs: this.#day.startUs + dayUs };
    }
    this.#lastOfDayUs = ofDayUs;
    const day = this.#day;
    return day && { utcUs: day.startUs + ofDayUs, addedWeeks: day.addedWeeks };
  }

  /** The line was interrupted: nobody knows how many midnights have passed. */
  reset(): void {
    this.#day = undefined;
  }
}

/** Microseconds since midnight of `hhmmss` or `hhmmss.sss…`; a leap second is the end of its minute. */
export function parseTimeOfDay(text: string): number | undefined {
  const match = /^(\d\d)(\d\d)(\d\d)(\.\d*)?$/.exec(text);
  if (match === null) return undefined;
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (hours > 23 || minutes > 59 || seconds > 60) return undefined;
  const fractionUs = match[4] === undefined || match[4] === '.' ? 0 : Math.round(Number(match[4]) * 1e6);
  return ((hours * 60 + minutes) * 60 + seconds) * 1e6 + fractionUs;
}

/** Midnight of `ddmmyy` (1980 to 2079) or `ddmmyyyy`, µs UTC. */
export function parseDay(text: string): number | undefined {
  const match = /^(\d\d)(\d\d)(\d\d|\d{4})$/.exec(text);
  if (match === null) return undefined;
  const [day, month, short] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const year = short >= 100 ? short : short + (short < 80 ? 2000 : 1900);
  const startMs = Date.UTC(year, month - 1, day);
  const date = new Date(startMs);
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && year >= 1980;
  return isReal ? startMs * 1000 : undefined;
}

function corrected(startUs: number, floorUs: number): { startUs: number; addedWeeks: number } {
  const behind = Math.ceil((floorUs - startUs) / (rolloverWeeks * weekUs));
  const addedWeeks = behind > 0 && behind <= rolloversMax ? behind * rolloverWeeks : 0;
  return { startUs: startUs + addedWeeks * weekUs, addedWeeks };
}
