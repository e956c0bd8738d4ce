import type { Columns } from '../drivers/driver.ts';
import type { StreamCounters } from '../ledger/ledger.ts';
import { TransformChain } from '../transforms/chain.ts';
import { attachLatest, noteLatest, type LatestReading } from '../transforms/join/latest-readings.ts';
import { qualityCodes } from '../transforms/quality.ts';
import type { Block, BoundTransform } from '../transforms/transform.ts';
import type { StreamWindows } from './sensor-windows.ts';

/** What the lane of one stream stands on. */
export interface StreamLaneOptions {
  readonly counters: StreamCounters;
  readonly transforms: readonly BoundTransform[];
  /** Where its readings are recorded; none where they are carried as they are. */
  readonly group: StreamWindows | undefined;
  /** Its hopping windows. */
  readonly copy: StreamWindows | undefined;
  /** Where its newest reading is noted for other sensors. */
  readonly latest: LatestReading;
  columnOf(quantity: string): number | undefined;
  /** Takes a reading that was held back, as a block of one row, once windows have it. */
  release(block: Block): void;
}

/** The way of one stream through a sensor's pipeline: counted, transformed, recorded in windows. */
export class StreamLane {
  readonly #options: StreamLaneOptions;
  readonly #chain: TransformChain;

  constructor(options: StreamLaneOptions) {
    this.#options = options;
    const { counters } = options;
    this.#chain = new TransformChain({
      configured: options.transforms,
      counts: {
        drop: (reason, count) => counters.filter(reason, count),
        mark: (reason, count) => counters.note(`marked-${reason}`, count),
      },
      columnOf: (quantity) => options.columnOf(quantity),
      release: (block) => {
        this.#deliver(block.t, block.v, this.#hasQuality(block) ? block.q : undefined);
        options.release(block);
      },
    });
  }

  /** Readings that transforms hold back, and those in windows that have not been taken. */
  get openCount(): number {
    const { group } = this.#options;
    return this.#chain.held + (group?.windows.openCount(group.stream) ?? 0);
  }

  /** Shows the driver's block to the transforms before any stream has changed it. */
  prepare(t: Float64Array, columns: Columns): void {
    this.#chain.prepare(t, columns);
  }

  /** Takes a column in place; answers the qualities of what is left, where there are any, until the next call. */
  take(t: Float64Array, values: Float64Array, doubt?: string): Uint8Array | undefined {
    const { counters } = this.#options;
    counters.taken += values.length;
    if (doubt !== undefined) counters.note(`marked-${doubt}`, values.length);
    const q = this.#chain.run(t, values, doubt === undefined ? qualityCodes.good : qualityCodes.uncertain);
    this.#deliver(t, values, q);
    return q;
  }

  /** Takes readings of another stream that were attached here: NaN for none, and for those not counted. */
  takeAttached(t: Float64Array, values: Float64Array, count: number): void {
    this.#options.counters.taken += count;
    this.#deliver(t, values, undefined);
  }

  /** Lets go what transforms held long enough at this time (µs UTC); at `Infinity` all. */
  releaseDue(nowUs: number): void {
    this.#chain.releaseDue(nowUs);
  }

  /** The source was interrupted. */
  reset(): void {
    this.#chain.reset();
  }

  #hasQuality({ q }: Block): boolean {
    return this.#chain.marks || q?.some((code) => code > qualityCodes.good) === true;
  }

  #deliver(t: Float64Array, v: Float64Array, q: Uint8Array | undefined): void {
    const { latest, group, copy, counters } = this.#options;
    noteLatest(latest, t, v, q);
    // A window cannot say which of its readings was bad.
    if (group !== undefined && q !== undefined) counters.filter('bad-quality', dropBad(v, q));
    group?.windows.record(group.stream, t, v);
    copy?.windows.record(copy.stream, t, v);
  }
}

function dropBad(v: Float64Array, q: Uint8Array): number {
  let count = 0;
  for (let row = 0; row < v.length; row++) {
    if (q[row] !== qualityCodes.bad || Number.isNaN(v[row])) continue;
    v[row] = Number.NaN;
    count += 1;
  }
  return count;
}

/** A stream of readings of another sensor that are attached to those of one of this sensor's. */
export interface JoinPlan {
  /** The column to whose readings they are attached. */
  readonly parent: number;
  /** The other stream, without the device: `position/lat`. */
  readonly source: string;
  /** How far the times of both may be apart, in microseconds. */
  readonly toleranceUs: number;
}

/** Fills the column of an attached stream, beside that of its parent. */
export class AttachedColumn {
  readonly column: number;
  readonly #plan: JoinPlan;
  readonly #latest: LatestReading;
  readonly #lane: StreamLane;
  #values = new Float64Array(0);

  constructor(options: { column: number; plan: JoinPlan; latest: LatestReading; lane: StreamLane }) {
    this.column = options.column;
    this.#plan = options.plan;
    this.#latest = options.latest;
    this.#lane = options.lane;
  }

  /** The attached readings of a block, valid until the next call; none where the parent has none in it. */
  fill(t: Float64Array, columns: Columns): Float64Array | undefined {
    const parent = columns[this.#plan.parent];
    if (parent === undefined) return undefined;
    if (this.#values.length < t.length) this.#values = new Float64Array(t.length);
    const values = this.#values.subarray(0, t.length);
    const count = attachLatest(this.#latest, this.#plan.toleranceUs, t, parent, values);
    this.#lane.takeAttached(t, values, count);
    return values;
  }
}
