import type { GapsBlock, SensorBlock } from '@fieldline/protocol';
import type { BurstPlan } from '../burst/burst-plan.ts';
import { SensorBursts, type BurstSpan } from '../burst/sensor-bursts.ts';
import type { Columns } from '../drivers/driver.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { LatestReadings } from '../transforms/join/latest-readings.ts';
import type { Block, BoundTransform, DropCounter } from '../transforms/transform.ts';
import { RawBuffer } from './raw-buffer.ts';
import { distinctSources, sensorWindows, shapeOf } from './sensor-windows.ts';
import { AttachedColumn, StreamLane, type JoinPlan } from './stream-lane.ts';
import type { HoppingPlan, WindowShape, WindowSource } from './window-source.ts';

/** How one stream of a sensor is carried. */
export interface StreamPlan {
  readonly quantity: string;
  readonly unit: string;
  /** The configured window as text, or `none` for raw readings. */
  readonly window: string;
  /** Its length in microseconds; 0 for raw readings, and where `shape` says how windows are cut. */
  readonly windowUs: number;
  /** How windows are cut that are not of one length. */
  readonly shape?: WindowShape;
  readonly sketch: boolean;
  /** The sketch's relative accuracy; 0.01 where it is left out. */
  readonly accuracy?: number;
  /** Overlapping windows beside the primary output, as copies. */
  readonly hopping?: HoppingPlan;
  /** Samples around a trigger beside the primary output, as copies. */
  readonly burst?: BurstPlan;
  readonly transforms?: readonly BoundTransform[];
  /** Only of a stream that is no column of the driver: it follows them, and holds readings of another sensor. */
  readonly join?: JoinPlan;
}

/** One sensor, from its driver's blocks to the blocks of a batch. */
export interface SensorPipelineOptions {
  readonly sensor: string;
  readonly type: string;
  readonly streams: readonly StreamPlan[];
  readonly latenessUs: number;
  readonly startedAtUs: number;
  readonly ledger: Ledger;
  /** The newest readings of all sensors of the device, for `join`. */
  readonly latest?: LatestReadings;
}

/** Rows or windows of one block of a batch: keeps batches below the limit of the gateway. */
export const blockRowsMax = 10_000;
/** Gaps that one sensor may have waiting; the last one grows instead of one more. */
export const pendingGapsMax = 1000;

/** Marks the time of the newest reading among the blocks that are kept for a restart. */
export const newestReading = 'newest';
/** Marks, where there was no reading yet, since when one could have come. */
export const noReadingSince = 'none-since';

/** Takes the blocks of one driver through transforms to raw rows or windows, and counts every reading. */
export class SensorPipeline {
  readonly #options: SensorPipelineOptions;
  readonly #lanes: readonly StreamLane[];
  readonly #attached: readonly AttachedColumn[];
  readonly #raw: RawBuffer;
  readonly #groups: readonly WindowSource[];
  /** Hopping windows: what they hold is counted in the primary output. */
  readonly #copies: readonly WindowSource[];
  readonly #bursts: SensorBursts;
  /** Time of the newest reading, µs UTC. */
  #newestUs = Number.NEGATIVE_INFINITY;
  #gaps: { fromUs: number; toUs: number; reason: string }[] = [];

  constructor(options: SensorPipelineOptions) {
    this.#options = options;
    const counters = options.streams.map(({ quantity }) =>
      options.ledger.stream(`${options.sensor}/${quantity}`),
    );
    const windows = sensorWindows(options, counters);
    this.#groups = distinctSources(windows.primary);
    this.#copies = distinctSources(windows.copies);
    const bursts = new SensorBursts(options.streams, counters);
    this.#bursts = bursts;
    const { latest = new LatestReadings() } = options;
    const lanes = options.streams.map(({ quantity, transforms = [] }, column) => {
      return new StreamLane({
        counters: counters[column]!,
        transforms: bursts.tapped(column, transforms),
        group: windows.primary[column],
        copy: windows.copies[column],
        latest: latest.slot(`${options.sensor}/${quantity}`),
        columnOf: (name) => columnOf(options.streams, name),
        release: (block) => this.#appendReleased(column, block),
      });
    });
    this.#lanes = lanes;
    this.#attached = options.streams.flatMap(({ join }, column) => {
      if (join === undefined) return [];
      const lane = lanes[column]!;
      return [new AttachedColumn({ column, plan: join, latest: latest.slot(join.source), lane })];
    });
    const raw = options.streams.flatMap((plan, column) => {
      const { quantity, unit } = plan;
      const lose: DropCounter = (reason, count) => counters[column]!.lose(reason, count);
      return shapeOf(plan) === undefined ? [{ column, quantity, unit, lose }] : [];
    });
    this.#raw = new RawBuffer(raw);
  }

  /**
   * Takes a block of readings; the arrays are overwritten by the transforms and not kept. `doubt`: why they are
   * uncertain.
   */
  emit(t: Float64Array, columns: Columns, doubt?: string): void {
    for (const lane of this.#lanes) lane.prepare(t, columns);
    const qualities: (Uint8Array | undefined)[] = [];
    for (let index = 0; index < columns.length; index++) {
      const values = columns[index];
      qualities[index] = values && this.#lanes[index]?.take(t, values, doubt);
    }
    this.#raw.append(t, this.#withAttached(t, columns), qualities);
    this.#newestUs = Math.max(this.#newestUs, t.at(-1) ?? this.#newestUs);
  }

  /** Records that there are no readings from here to there (µs UTC). */
  gap(fromUs: number, toUs: number, reason: string): void {
    const last = this.#gaps.at(-1);
    const continues = last?.reason === reason && last.toUs === fromUs;
    if (last !== undefined && (continues || this.#gaps.length >= pendingGapsMax))
      last.toUs = Math.max(last.toUs, toUs);
    else this.#gaps.push({ fromUs, toUs, reason });
  }

  /** Records a gap of the source itself: what comes after it does not continue what came before. */
  interrupt(fromUs: number, toUs: number, reason: string): void {
    for (const lane of this.#lanes) lane.reset();
    this.gap(fromUs, toUs, reason);
  }

  /** Rows and windows that wait to be sealed. */
  get pendingRows(): number {
    const sources = [...this.#groups, ...this.#copies];
    const windows = sources.reduce((sum, { closedCount }) => sum + closedCount, 0);
    return this.#raw.rows + windows + this.#bursts.waitingRows;
  }

  /** Closes the windows that are due. */
  closeDue(nowUs: number): void {
    for (const lane of this.#lanes) lane.releaseDue(nowUs);
    for (const source of [...this.#groups, ...this.#copies]) source.closeDue(nowUs);
    this.#bursts.closeDue(nowUs, this.#options.latenessUs);
  }

  /** Closes all windows, for the end: unfinished ones are partial. */
  closeAll(nowUs: number): void {
    for (const lane of this.#lanes) lane.releaseDue(Number.POSITIVE_INFINITY);
    for (const source of [...this.#groups, ...this.#copies]) source.closeAll(nowUs);
    this.#bursts.closeAll();
  }

  /** Removes and returns what waits, at most `blockRowsMax` rows a block. */
  take(): SensorBlock[] {
    const { sensor, type } = this.#options;
    const blocks: SensorBlock[] = [];
    const readings = this.#raw.take(blockRowsMax);
    if (readings !== undefined) blocks.push({ sensor, type, kind: 'readings', ...readings });
    for (const group of this.#groups) {
      const windows = group.take(blockRowsMax);
      if (windows !== undefined) blocks.push({ sensor, type, kind: 'windows', ...windows });
    }
    for (const copies of this.#copies) {
      const windows = copies.take(blockRowsMax);
      if (windows !== undefined) blocks.push({ sensor, type, kind: 'windows', ...windows, extra: true });
    }
    blocks.push(...this.#bursts.take(sensor, type, blockRowsMax));
    if (this.#gaps.length > 0) blocks.push(this.#takeGaps());
    return blocks;
  }

  /**
   * What a crash would lose now of windows, as the blocks in which they would travel; and, as a gap of no
   * length with the reason `newest`, the time of the newest reading (`none-since`: when it began to be waited for).
   */
  peek(): SensorBlock[] {
    const { sensor, type } = this.#options;
    const blocks: SensorBlock[] = [];
    for (const group of this.#groups) {
      const windows = group.peek();
      if (windows !== undefined) blocks.push({ sensor, type, kind: 'windows', ...windows });
    }
    for (const copies of this.#copies) {
      const windows = copies.peek();
      if (windows !== undefined) blocks.push({ sensor, type, kind: 'windows', ...windows, extra: true });
    }
    const hasReadings = Number.isFinite(this.#newestUs);
    const at = Float64Array.of(hasReadings ? this.#newestUs : this.#options.startedAtUs);
    const reason = [hasReadings ? newestReading : noReadingSince];
    return [...blocks, { sensor, type, kind: 'gaps', from: at, to: at, reason }];
  }

  /** Begins a burst of one of its streams, or of all that are configured to have one. */
  burst(nowUs: number, quantity?: string): Record<string, BurstSpan> {
    return this.#bursts.trigger(nowUs, quantity);
  }

  /** Adds the readings that wait in windows (and, after a `take` that was cut short, as rows) to `open`. */
  countOpen(open: Map<string, number>): void {
    this.#options.streams.forEach(({ quantity }, index) => {
      const lane = this.#lanes[index];
      const count = (lane?.openCount ?? 0) + this.#raw.countWaiting(index);
      const name = `${this.#options.sensor}/${quantity}`;
      if (count > 0) open.set(name, (open.get(name) ?? 0) + count);
    });
  }

  /** Adds the columns of attached streams to those of a block. */
  #withAttached(t: Float64Array, columns: Columns): Columns {
    if (this.#attached.length === 0) return columns;
    const all = [...columns];
    for (const each of this.#attached) all[each.column] = each.fill(t, columns);
    return all;
  }

  /** A row of one reading that transforms held back. */
  #appendReleased(column: number, { t, v, q }: Block): void {
    const columns: (Float64Array | undefined)[] = [];
    const qualities: (Uint8Array | undefined)[] = [];
    columns[column] = v;
    qualities[column] = q;
    this.#raw.append(t, this.#withAttached(t, columns), qualities);
  }

  #takeGaps(): GapsBlock {
    const { sensor, type } = this.#options;
    const gaps = this.#gaps;
    this.#gaps = [];
    return {
      sensor,
      type,
      kind: 'gaps',
      from: Float64Array.from(gaps, ({ fromUs }) => fromUs),
      to: Float64Array.from(gaps, ({ toUs }) => toUs),
      reason: gaps.map(({ reason }) => reason),
    };
  }
}

/** The place of a quantity of the driver in its blocks. */
function columnOf(streams: readonly StreamPlan[], quantity: string): number | undefined {
  const column = streams.findIndex((stream) => stream.join === undefined && stream.quantity === quantity);
  return column < 0 ? undefined : column;
}
