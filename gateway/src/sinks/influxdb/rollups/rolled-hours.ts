import { Type, type Static } from 'typebox';
import { hourUs } from './grains.ts';

/** Hours of one stream that may wait for being rolled up again; beyond it the rollup begins anew at the first of them. */
export const staleHoursMax = 1000;

/** What is kept of one stream. */
export const RolledState = Type.Object({
  /** Every hour before it is rolled up, or holds nothing. */
  untilUs: Type.Number(),
  /** Starts of hours before `untilUs` that have had readings since. */
  stale: Type.Array(Type.Number()),
  /** The first hour that holds something. */
  sinceUs: Type.Number(),
  /** Rows that were rolled up since. */
  rows: Type.Number(),
});
export type RolledState = Static<typeof RolledState>;

/** An hour that rollups do not hold as it is. */
export interface LackingHour {
  /** Its start, µs UTC; undefined where nothing of the stream is rolled up. */
  readonly startUs: number | undefined;
  /** Whether it was rolled up, and has had readings since. */
  readonly isStale: boolean;
}

interface Rolled {
  untilUs: number;
  readonly stale: Set<number>;
  sinceUs: number;
  rows: number;
}

/**
 * Which hours of which streams are rolled up. An hour that gets readings after that is stale until it is rolled up again: it is
 * noted before they are written, and kept with the position in the journal, so that a crash forgets neither without the other.
 */
export class RolledHours {
  readonly #streams: Map<string, Rolled>;
  #newestUs: number;
  #retiredUs = -Infinity;

  constructor(state: Readonly<Record<string, RolledState>> = {}) {
    const entries = Object.entries(state);
    this.#streams = new Map(
      entries.map(([stream, rolled]) => [stream, { ...rolled, stale: new Set(rolled.stale) }]),
    );
    this.#newestUs = Math.max(-Infinity, ...entries.map(([, { untilUs }]) => untilUs));
  }

  /** Nothing from here on is rolled up, whatever the stream. */
  get newestUs(): number {
    return this.#newestUs;
  }

  /** Readings before `untilUs`, the end of an hour, are gone: what rollups hold of them is all that there is, and stays as it is. */
  retired(untilUs: number): void {
    this.#retiredUs = untilUs;
  }

  /** Whether rollups hold every hour of the stream before `untilUs`. */
  isWhole(stream: string, untilUs: number): boolean {
    return this.lacking(stream, untilUs) === undefined;
  }

  /** The first hour of the stream before `untilUs` that rollups do not hold; undefined where they hold all. */
  lacking(stream: string, untilUs: number): LackingHour | undefined {
    if (untilUs <= this.#retiredUs) return undefined;
    const stale = [...(this.#streams.get(stream)?.stale ?? [])].filter((startUs) => startUs < untilUs);
    if (stale.length > 0) return { startUs: Math.min(...stale), isStale: true };
    const startUs = this.untilUs(stream);
    return startUs === undefined || startUs < untilUs ? { startUs, isStale: false } : undefined;
  }

  /** All of it, for the state file. */
  state(): Record<string, RolledState> {
    const states = [...this.#streams].map(([stream, rolled]): [string, RolledState] => [
      stream,
      { ...rolled, stale: [...rolled.stale] },
    ]);
    return Object.fromEntries(states);
  }

  /** Readings are to be written from `firstUs` to `lastUs`, both included. */
  touched(stream: string, firstUs: number, lastUs: number): void {
    const rolled = this.#streams.get(stream);
    if (!rolled || firstUs >= rolled.untilUs) return;
    const fromUs = hourOf(Math.max(firstUs, this.#retiredUs));
    const endUs = Math.min(lastUs + 1, rolled.untilUs);
    const hours = Math.ceil((endUs - fromUs) / hourUs);
    if (rolled.stale.size + hours > staleHoursMax) {
      rolled.untilUs = Math.min(fromUs, ...rolled.stale);
      rolled.stale.clear();
      return;
    }
    for (let startUs = fromUs; startUs < endUs; startUs += hourUs) rolled.stale.add(startUs);
  }

  /** Everything before it is rolled up, but for stale hours; undefined where nothing is known of the stream. */
  untilUs(stream: string): number | undefined {
    const untilUs = Math.max(this.#streams.get(stream)?.untilUs ?? -Infinity, this.#retiredUs);
    return untilUs === -Infinity ? undefined : untilUs;
  }

  /** The first stale hour; undefined where there is none. */
  stale(stream: string): number | undefined {
    const [first] = this.#streams.get(stream)?.stale ?? [];
    return first;
  }

  /** Rows that an hour of the stream holds on average. */
  rowsAnHour(stream: string): number {
    const { sinceUs, untilUs, rows } = this.#streams.get(stream) ?? { sinceUs: 0, untilUs: 0, rows: 0 };
    return (rows * hourUs) / Math.max(hourUs, untilUs - sinceUs);
  }

  /** The hour is rolled up: its rollup is stored. */
  refreshed(stream: string, startUs: number): void {
    this.#streams.get(stream)?.stale.delete(startUs);
  }

  /** Everything before `untilUs` is rolled up or holds nothing; `rows` came in with that. */
  advanced(stream: string, untilUs: number, rows: number): void {
    const rolled = this.#streams.get(stream) ?? {
      untilUs,
      stale: new Set<number>(),
      sinceUs: untilUs - hourUs,
      rows: 0,
    };
    rolled.untilUs = untilUs;
    this.#newestUs = Math.max(this.#newestUs, untilUs);
    rolled.rows += rows;
    this.#streams.set(stream, rolled);
  }

  /** The parts of `[fromUs, toUs)`, bounds of hours both, that rollups hold; in order, neighbours joined. */
  whole(stream: string, fromUs: number, toUs: number): [fromUs: number, toUs: number][] {
    const rolled = this.#streams.get(stream);
    const parts: [number, number][] = [];
    if (!rolled) return parts;
    const endUs = Math.min(toUs, rolled.untilUs);
    const stale = [...rolled.stale]
      .filter((startUs) => startUs >= fromUs && startUs < endUs)
      .sort((a, b) => a - b);
    let startUs = fromUs;
    for (const staleUs of [...stale, endUs]) {
      if (startUs < staleUs) parts.push([startUs, staleUs]);
      startUs = staleUs + hourUs;
    }
    return parts;
  }
}

/** The hour that a time lies in. */
export function hourOf(timeUs: number): number {
  return Math.floor(timeUs / hourUs) * hourUs;
}
