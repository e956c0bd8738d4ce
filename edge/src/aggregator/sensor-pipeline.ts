import type { GapsBlock, SensorBlock } from '@fieldline/protocol';
import type { Columns } from '../drivers/driver.ts';
import type { Ledger, StreamCounters } from '../ledger/ledger.ts';
import { applyChain, transformChain } from '../transforms/chain.ts';
import type { DropCounter, Transform } from '../transforms/transform.ts';
import { RawBuffer } from './raw-buffer.ts';
import { WindowGroup } from './window-group.ts';

/** How one stream of a sensor is carried. */
export interface StreamPlan {
  readonly quantity: string;
  readonly unit: string;
  /** The configured window as text, or `none` for raw readings. */
  readonly window: string;
  /** Its length in microseconds; 0 for raw readings. */
  readonly windowUs: number;
  readonly sketch: boolean;
  readonly transforms?: readonly Transform[];
}

/** One sensor, from its driver's blocks to the blocks of a batch. */
export interface SensorPipelineOptions {
  readonly sensor: string;
  readonly type: string;
  readonly streams: readonly StreamPlan[];
  readonly latenessUs: number;
  readonly startedAtUs: number;
  readonly ledger: Ledger;
}

/** Rows or windows of one block of a batch: keeps batches below the limit of the gateway. */
export const blockRowsMax = 10_000;
/** Gaps that one sensor may have waiting; the last one grows instead of one more. */
export const pendingGapsMax = 1000;

/** Marks the time of the newest reading among the blocks that are kept for a restart. */
export const newestReading = 'newest';

interface Lane {
  readonly counters: StreamCounters;
  readonly drop: DropCounter;
  readonly chain: readonly Transform[];
  readonly group?: { readonly windows: WindowGroup; readonly stream: number };
}

/** Takes the blocks of one driver through transforms to raw rows or windows, and counts every reading. */
export class SensorPipeline {
  readonly #options: SensorPipelineOptions;
  readonly #lanes: readonly Lane[];
  readonly #raw: RawBuffer;
  readonly #groups: readonly WindowGroup[];
  /** Time of the newest reading, µs UTC. */
  #newestUs = Number.NEGATIVE_INFINITY;
  #gaps: { fromUs: number; toUs: number; reason: string }[] = [];

  constructor(options: SensorPipelineOptions) {
    this.#options = options;
    const counters = options.streams.map(({ quantity }) =>
      options.ledger.stream(`${options.sensor}/${quantity}`),
    );
    const groups = windowGroups(options, counters);
    this.#groups = [...groups.values()].map(({ windows }) => windows);
    this.#lanes = options.streams.map((plan, column) => toLane(plan, column, counters[column]!, groups));
    const raw = options.streams.flatMap(({ quantity, unit, windowUs }, column) => {
      const lose: DropCounter = (reason, count) => counters[column]!.lose(reason, count);
      return windowUs === 0 ? [{ column, quantity, unit, lose }] : [];
    });
    this.#raw = new RawBuffer(raw);
  }

  /** Takes a block of readings; the arrays are overwritten by the transforms and not kept. */
  emit(t: Float64Array, columns: Columns): void {
    for (let index = 0; index < this.#lanes.length; index++) {
      const values = columns[index];
      if (values === undefined) continue;
      const lane = this.#lanes[index]!;
      lane.counters.taken += values.length;
      applyChain(lane.chain, t, values, lane.drop);
      if (lane.group !== undefined) lane.group.windows.record(lane.group.stream, t, values);
    }
    this.#raw.append(t, columns);
    this.#newestUs = Math.max(this.#newestUs, t.at(-1) ?? this.#newestUs);
  }

  /** Records that there are no readings from here to there (µs UTC). */
  gap(fromUs: number, toUs: number, reason: string): void {
    const last = this.#gaps.at(-1);
    if (last !== undefined && this.#gaps.length >= pendingGapsMax) last.toUs = Math.max(last.toUs, toUs);
    else this.#gaps.push({ fromUs, toUs, reason });
  }

  /** Rows and windows that wait to be sealed. */
  get pendingRows(): number {
    return this.#raw.rows + this.#groups.reduce((sum, group) => sum + group.closedCount, 0);
  }

  /** Closes the windows that are due. */
  closeDue(nowUs: number): void {
    for (const group of this.#groups) group.closeDue(nowUs);
  }

  /** Closes all windows, for the end: unfinished ones are partial. */
  closeAll(nowUs: number): void {
    for (const group of this.#groups) group.closeAll(nowUs);
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
    if (this.#gaps.length > 0) blocks.push(this.#takeGaps());
    return blocks;
  }

  /**
   * What a crash would lose now of windows, as the blocks in which they would travel; and, as a gap of no
   * length with the reason `newest`, the time of the newest reading.
   */
  peek(): SensorBlock[] {
    const { sensor, type } = this.#options;
    const blocks: SensorBlock[] = [];
    for (const group of this.#groups) {
      const windows = group.peek();
      if (windows !== undefined) blocks.push({ sensor, type, kind: 'windows', ...windows });
    }
    if (!Number.isFinite(this.#newestUs)) return blocks;
    const at = Float64Array.of(this.#newestUs);
    return [...blocks, { sensor, type, kind: 'gaps', from: at, to: at, reason: [newestReading] }];
  }

  /** Adds the readings that wait in windows (and, after a `take` that was cut short, as rows) to `open`. */
  countOpen(open: Map<string, number>): void {
    this.#options.streams.forEach(({ quantity }, index) => {
      const group = this.#lanes[index]?.group;
      const count = group ? group.windows.openCount(group.stream) : this.#raw.countWaiting(index);
      const name = `${this.#options.sensor}/${quantity}`;
      if (count > 0) open.set(name, (open.get(name) ?? 0) + count);
    });
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

interface Group {
  readonly windows: WindowGroup;
  /** The columns of the group, in the order of its streams. */
  readonly columns: readonly number[];
}

/** One group for each window text that the streams name. */
function windowGroups(
  options: SensorPipelineOptions,
  counters: readonly StreamCounters[],
): Map<string, Group> {
  const columnsByWindow = new Map<string, number[]>();
  options.streams.forEach(({ window, windowUs }, column) => {
    if (windowUs > 0) columnsByWindow.set(window, [...(columnsByWindow.get(window) ?? []), column]);
  });
  const groups = new Map<string, Group>();
  for (const [window, columns] of columnsByWindow) {
    const streams = columns.map((column) => {
      const { quantity, unit, sketch } = options.streams[column]!;
      const filter: DropCounter = (reason, count) => counters[column]!.filter(reason, count);
      const lose: DropCounter = (reason, count) => counters[column]!.lose(reason, count);
      return { column, quantity, unit, sketch, filter, lose };
    });
    const lengthUs = options.streams[columns[0]!]!.windowUs;
    const { latenessUs, startedAtUs } = options;
    groups.set(window, {
      columns,
      windows: new WindowGroup({ streams, window, lengthUs, latenessUs, startedAtUs }),
    });
  }
  return groups;
}

function toLane(
  plan: StreamPlan,
  column: number,
  counters: StreamCounters,
  groups: Map<string, Group>,
): Lane {
  const group = plan.windowUs > 0 ? groups.get(plan.window) : undefined;
  return {
    counters,
    drop: (reason, count) => counters.filter(reason, count),
    chain: transformChain(plan.transforms),
    ...(group ? { group: { windows: group.windows, stream: group.columns.indexOf(column) } } : {}),
  };
}
