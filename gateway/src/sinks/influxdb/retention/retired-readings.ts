import { Type, type Static } from 'typebox';
import type { StreamName } from '@fieldline/protocol';

/** What has gone of one stream: how many readings, and the newest of them. */
export const RetiredStream = Type.Object({
  readings: Type.Integer({ minimum: 0 }),
  /** Time of the newest, µs; null where only its count is known. */
  lastT: Type.Union([Type.Number(), Type.Null()]),
  lastValue: Type.Union([Type.Number(), Type.Null()]),
});
export type RetiredStream = Static<typeof RetiredStream>;

/** Shards that are about to be dropped, or are dropped already: the step is taken to its end whatever happens. */
export const Dropping = Type.Object({
  fromUs: Type.Number(),
  toUs: Type.Number(),
  /** What InfluxDB counted there before, by stream. */
  counted: Type.Record(Type.String(), Type.Integer({ minimum: 0 })),
  /** What goes of it, by stream. */
  removed: Type.Record(Type.String(), RetiredStream),
  /** Line protocol of the points that stay: written again behind the drop. */
  staying: Type.String(),
});
export type Dropping = Static<typeof Dropping>;

/** What the state file keeps of retention. */
export const RetiredState = Type.Object({
  /** No reading before it is stored; absent while nothing was retired. */
  untilUs: Type.Optional(Type.Number()),
  /** Below this offset of the journal every reading before `untilUs` is counted here. */
  seenTo: Type.Integer({ minimum: 0 }),
  streams: Type.Record(Type.String(), RetiredStream),
  dropping: Type.Optional(Dropping),
});
export type RetiredState = Static<typeof RetiredState>;

/**
 * What retention has removed from InfluxDB, by stream. One rule holds at every instant, and is kept with the position in the
 * journal: of all that was written from the journal below that position, readings before `untilUs` are counted here and not
 * stored, all others are stored and not counted here.
 */
export class RetiredReadings {
  readonly #streams: Map<string, RetiredStream>;
  /** Counted by the write in progress. */
  #draft = new Map<string, RetiredStream>();
  #untilUs: number;
  #dropping: Dropping | undefined;
  seenTo: number;
  #watched: { readonly fromUs: number; readonly toUs: number } | undefined;
  #disturbedBy: string | undefined;
  /** How many drops were begun: a count of the store that began before is of no use. */
  drops = 0;

  constructor(state?: RetiredState) {
    this.#streams = new Map(Object.entries(state?.streams ?? {}));
    this.#untilUs = state?.untilUs ?? -Infinity;
    this.#dropping = state?.dropping;
    this.seenTo = state?.seenTo ?? 0;
  }

  /** No reading before it is stored; -Infinity while nothing was retired. */
  get untilUs(): number {
    return this.#untilUs;
  }

  /** The step that is to be ended before anything else is written. */
  get dropping(): Dropping | undefined {
    return this.#dropping;
  }

  /** All readings that are gone. */
  get total(): number {
    return [...this.#streams.values()].reduce((sum, { readings }) => sum + readings, 0);
  }

  /** For the state file; undefined where there is nothing to remember. */
  state(): RetiredState | undefined {
    if (this.#untilUs === -Infinity && !this.#dropping) return undefined;
    return {
      ...(this.#untilUs === -Infinity ? {} : { untilUs: this.#untilUs }),
      seenTo: this.seenTo,
      streams: Object.fromEntries(this.#streams),
      ...(this.#dropping && { dropping: this.#dropping }),
    };
  }

  of(stream: StreamName): RetiredStream | undefined {
    return this.#streams.get(stream);
  }

  /** Whether anything of the stream is gone, or is going now. */
  hasOf(stream: StreamName): boolean {
    return this.#streams.has(stream) || this.#dropping?.removed[stream] !== undefined;
  }

  /** Readings of the stream that are gone, and all that lie in shards that are going now. */
  countOf(stream: StreamName): number {
    return (this.#streams.get(stream)?.readings ?? 0) + (this.#dropping?.counted[stream] ?? 0);
  }

  /** No reading before it can be asked for: also none that is being dropped. */
  get goneUntilUs(): number {
    return Math.max(this.#untilUs, this.#dropping?.toUs ?? -Infinity);
  }

  /**
   * From now on it is noted whether something is written for the time from `fromUs`, or from where nothing was retired, to before `toUs`.
   * What is older is retired: its readings become no points.
   */
  watch(fromUs: number, toUs: number): void {
    this.#watched = { fromUs: Math.min(fromUs, this.#untilUs), toUs };
    this.#disturbedBy = undefined;
  }

  /** Ends `watch`. */
  unwatch(): void {
    this.#watched = undefined;
  }

  get isWatching(): boolean {
    return this.#watched !== undefined;
  }

  /** The device of which something came for the time that is watched; undefined where nothing came. */
  get disturbedBy(): string | undefined {
    return this.#disturbedBy;
  }

  /** A point of the device and of this time, µs UTC, is to be written. */
  note(timeUs: number, device: string): void {
    if (this.#watched && timeUs >= this.#watched.fromUs && timeUs < this.#watched.toUs)
      this.#disturbedBy = device;
  }

  /** From the next save on the step is to be ended. */
  beginDrop(dropping: Dropping): void {
    this.#dropping = dropping;
    this.drops += 1;
  }

  /** The step was not made durable: it has not begun. */
  cancelDrop(): void {
    this.#dropping = undefined;
  }

  /** The shards are gone, and what stays is written again. */
  endDrop(): void {
    if (!this.#dropping) return;
    for (const [stream, retired] of Object.entries(this.#dropping.removed))
      addTo(this.#streams, stream, retired);
    this.#untilUs = Math.max(this.#untilUs, this.#dropping.toUs);
    this.#dropping = undefined;
  }

  /** Forgets what a write counted that did not come to its end: the same entries are written again. */
  begin(): void {
    if (this.#draft.size > 0) this.#draft = new Map();
  }

  /** Readings of the write in progress were too old to be stored. */
  count(stream: string, retired: RetiredStream): void {
    addTo(this.#draft, stream, retired);
  }

  /** The write has come to its end; every entry below `offset` is written. */
  keep(offset: number): void {
    for (const [stream, retired] of this.#draft) addTo(this.#streams, stream, retired);
    if (this.#draft.size > 0) this.#draft = new Map();
    this.seenTo = Math.max(this.seenTo, offset);
  }
}

function addTo(streams: Map<string, RetiredStream>, stream: string, more: RetiredStream): void {
  const known = streams.get(stream);
  const readings = Math.min((known?.readings ?? 0) + more.readings, Number.MAX_SAFE_INTEGER);
  const isNewer = (more.lastT ?? -Infinity) >= (known?.lastT ?? -Infinity);
  const { lastT, lastValue } = known && !isNewer ? known : more;
  streams.set(stream, { readings, lastT, lastValue });
}
