import { FieldlineError } from '@fieldline/protocol';
import type { RollupChoice, SeriesSource } from '../../query/answer-query.ts';
import { lowerBound, type BucketSeries } from '../../query/bucket-series.ts';
import { ReadingsIntoBuckets } from '../../query/readings-into-buckets.ts';
import {
  queryLimits,
  type Gap,
  type RawReadings,
  type StoredWindows,
  type StreamAddress,
} from '../../query/store.ts';
import type { BlockTable, StoredBlock } from './blocks/block-table.ts';
import { sliceWindows } from './blocks/block-writer.ts';
import { joinReadings, joinWindows } from './blocks/join-rows.ts';
import { grain } from './blocks/limits.ts';
import { PackedReadings } from './blocks/packed-readings.ts';
import { decodeReadings, type ReadingRows } from './blocks/readings.ts';
import { decodeMoments, decodeWindows, type WindowMoments, type WindowRows } from './blocks/windows.ts';
import { RollupPlanner, type RollupPlan } from './rollups/rollup-plan.ts';
import type { RollupTable } from './rollups/rollup-table.ts';
import type { Statements } from './statements.ts';

/** Whose rows are read, of which time, and until when. */
export interface SourceRange {
  readonly address: StreamAddress;
  readonly fromUs: number;
  readonly toUs: number;
  /** Throws QUERY_TIMEOUT once the question has taken too long. */
  readonly check: () => void;
}

/** What is read from. */
export interface StoreTables {
  readonly statements: Statements;
  readonly blocks: BlockTable;
  readonly rollups: RollupTable;
}

/** The stream's row. */
interface StreamRow {
  readonly id: number;
  readonly unit: string;
  readonly removed: number;
}

/**
 * How a query reads the blocks of one stream. With a rollup chosen, whole buckets come from it and from the blocks that it
 * does not hold, and the ends of the range from all blocks.
 */
export class BlockSource implements SeriesSource {
  readonly unit: string;
  readonly rollups: RollupChoice;
  readonly #stream: number;
  #plan: RollupPlan | undefined;
  readonly #tables: StoreTables;
  readonly #range: SourceRange;
  readonly #readings: readonly StoredBlock[];
  readonly #windows: readonly StoredBlock[];

  private constructor(tables: StoreTables, range: SourceRange, { id, unit, removed }: StreamRow) {
    this.#tables = tables;
    this.#range = range;
    this.#stream = id;
    this.unit = unit;
    const { fromUs, toUs } = range;
    this.#readings = this.#tables.blocks.touching({ stream: id, grain: grain.readings }, fromUs, toUs);
    this.#windows = this.#tables.blocks.touching({ stream: id, grain: grain.windows }, fromUs, toUs);
    const rows = rowsOf(this.#readings) + rowsOf(this.#windows);
    const planner = new RollupPlanner(tables.statements, { id, removed }, { fromUs, toUs, rows });
    this.rollups = {
      shortestUs: () => planner.shortestUs(),
      choose: (lengthUs, exact) => {
        this.#plan = planner.plan(lengthUs, exact);
        return this.#plan?.grain.lengthUs ?? 0;
      },
    };
  }

  /** Undefined where there is no such stream. */
  static open(tables: StoreTables, range: SourceRange): BlockSource | undefined {
    const { device, sensor, quantity } = range.address;
    const sql =
      'SELECT id, unit, removed FROM stream WHERE device = ? AND sensor = ? AND quantity = ? AND extra = 0';
    const row = tables.statements.of(sql).get(device, sensor, quantity);
    if (!row) return undefined;
    const stream = { id: Number(row['id']), unit: String(row['unit']), removed: Number(row['removed']) };
    return new BlockSource(tables, range, stream);
  }

  async windowKinds(): Promise<string[]> {
    const kinds = new Set<string>();
    for (const block of this.#windows) {
      if (block.window === null || kinds.has(block.window)) continue;
      if (this.#liesWithin(block) || this.#windowsOf(block).start.length > 0) kinds.add(block.window);
    }
    return [...kinds];
  }

  async addWindows(series: BucketSeries): Promise<void> {
    const withSketches = series.quantiles !== 'none';
    if (this.#plan) {
      const { grain: rollup, fromUs, toUs } = this.#plan;
      const range = { fromUs, toUs, withSketches };
      for (const windows of this.#tables.rollups.touching(this.#stream, rollup, range)) {
        this.#range.check();
        series.addWindows(between(windows, fromUs, toUs));
      }
    }
    const blocks = this.#windows.filter((block) => !this.#isInRollup(block));
    this.#checkRows(blocks);
    for (const block of blocks) {
      this.#range.check();
      const windows = decodeMoments(this.#tables.blocks.data(block), block.rows, withSketches);
      for (const [fromUs, toUs] of this.#parts(block)) series.addWindows(between(windows, fromUs, toUs));
    }
  }

  async addReadings(series: BucketSeries): Promise<void> {
    if (series.quantiles === 'none') this.#addUnordered(series);
    else this.#addInOrder(series);
  }

  readingsAtLeast(): number {
    return rowsOf(this.#readings.filter((block) => this.#liesWithin(block)));
  }

  async firstReadings(limit: number): Promise<RawReadings> {
    const parts: ReadingRows[] = [];
    let rows = 0;
    for (const part of this.#inOrder(this.#readings)) {
      if (part.t.length === 0) continue;
      parts.push(part);
      rows += part.t.length;
      if (rows >= limit) break;
    }
    return firstOf(joinReadings(parts), limit);
  }

  async firstWindows(limit: number): Promise<StoredWindows> {
    const parts: WindowRows[] = [];
    let rows = 0;
    let lastUs = Number.NEGATIVE_INFINITY;
    for (const block of this.#windows) {
      // Blocks come by their starts: enough rows lie before this one.
      if (rows >= limit && block.start > lastUs) break;
      this.#range.check();
      const part = this.#windowsOf(block);
      parts.push(part);
      rows += part.start.length;
      lastUs = Math.max(lastUs, block.last);
    }
    const joined = joinWindows(parts);
    return sliceWindows(joined, 0, Math.min(limit, joined.start.length));
  }

  async gaps(): Promise<Gap[]> {
    const sql = `SELECT from_t, to_t, reason FROM gap
                 WHERE device = ? AND sensor = ? AND from_t < ? AND to_t > ? ORDER BY from_t LIMIT ?`;
    const { address, fromUs, toUs } = this.#range;
    const rows = this.#tables.statements
      .of(sql)
      .all(address.device, address.sensor, toUs, fromUs, queryLimits.gapsMax);
    return rows.map((row) => [Number(row['from_t']), Number(row['to_t']), String(row['reason'])]);
  }

  /** Where no quantile is wanted, a block that lies in one bucket is known by its summary. */
  #addUnordered(series: BucketSeries): void {
    const read: StoredBlock[] = [];
    for (const block of this.#readings) {
      if (this.#isInRollup(block)) continue;
      const startUs = series.bucketOf(block.start);
      const isOneBucket = block.last < startUs + series.lengthUs;
      // A bucket is at an end of the range or within it: a rollup has the whole block, or none of it.
      if (isOneBucket && this.#liesWithin(block))
        series.addSummary(startUs, { ...block, count: block.readings, p50: NaN, p95: NaN, p99: NaN }); // prettier-ignore
      else read.push(block);
    }
    this.#checkRows(read);
    for (const block of read) {
      this.#range.check();
      const readings = new PackedReadings(this.#tables.blocks.data(block), block.rows);
      for (const [fromUs, toUs] of this.#parts(block)) readings.addTo(series, fromUs, toUs);
    }
  }

  #addInOrder(series: BucketSeries): void {
    const blocks = this.#readings.filter((block) => !this.#isInRollup(block));
    this.#checkRows(blocks);
    const buckets = new ReadingsIntoBuckets(series);
    for (const { t, v } of this.#inOrder(blocks)) buckets.add(t, v);
    buckets.finish();
  }

  /** Whether the rollup answers for all of the block. */
  #isInRollup({ rolled, start, last }: StoredBlock): boolean {
    const plan = this.#plan;
    if (!plan || (rolled & plan.grain.bit) === 0) return false;
    const { fromUs, toUs } = this.#range;
    return Math.max(start, fromUs) >= plan.fromUs && Math.min(last, toUs - 1) < plan.toUs;
  }

  /** The parts of the range that are to be read from the block itself. */
  #parts({ rolled }: StoredBlock): (readonly [fromUs: number, toUs: number])[] {
    const { fromUs, toUs } = this.#range;
    const plan = this.#plan;
    if (!plan || (rolled & plan.grain.bit) === 0) return [[fromUs, toUs]];
    return [[fromUs, plan.fromUs], [plan.toUs, toUs]]; // prettier-ignore
  }

  /** What of a block is to be read from it. */
  #ownRows(block: StoredBlock): ReadingRows {
    const rows = decodeReadings(this.#tables.blocks.data(block), block.rows);
    const parts = this.#parts(block);
    if (parts.length === 1) return rows;
    return joinReadings(
      parts.map(([fromUs, toUs]) => slice(rows, lowerBound(rows.t, fromUs, 0), lowerBound(rows.t, toUs, 0))),
    );
  }

  /** The readings of blocks in order of time, although blocks overlap: parts of no length may be among them. */
  *#inOrder(blocks: readonly StoredBlock[]): Generator<ReadingRows> {
    let open: ReadingRows | undefined;
    for (const block of blocks) {
      this.#range.check();
      // What lies before this block can have no company any more.
      const before = open ? lowerBound(open.t, block.start, 0) : 0;
      if (open && before > 0) yield this.#within(slice(open, 0, before));
      const rest = open && before < open.t.length ? slice(open, before, open.t.length) : undefined;
      const rows = this.#ownRows(block);
      open = rest ? joinReadings([rest, rows]) : rows;
    }
    if (open) yield this.#within(open);
  }

  #windowsOf(block: StoredBlock): WindowRows {
    const rows = decodeWindows(this.#tables.blocks.data(block), block.rows);
    const { fromUs, toUs } = this.#range;
    const from = lowerBound(rows.start, fromUs, 0);
    return sliceWindows(rows, from, lowerBound(rows.start, toUs, from));
  }

  #within(rows: ReadingRows): ReadingRows {
    const from = lowerBound(rows.t, this.#range.fromUs, 0);
    return slice(rows, from, lowerBound(rows.t, this.#range.toUs, from));
  }

  #liesWithin({ start, last }: StoredBlock): boolean {
    return start >= this.#range.fromUs && last < this.#range.toUs;
  }

  /** Throws QUERY_TOO_LARGE. */
  #checkRows(blocks: readonly StoredBlock[]): void {
    if (rowsOf(blocks) <= queryLimits.scanRowsMax) return;
    const { device, sensor, quantity } = this.#range.address;
    const detail = `More than ${queryLimits.scanRowsMax} rows lie in the range.`;
    throw new FieldlineError('QUERY_TOO_LARGE', { subject: `${device}/${sensor}/${quantity}`, detail });
  }
}

function rowsOf(blocks: readonly StoredBlock[]): number {
  return blocks.reduce((sum, { rows }) => sum + rows, 0);
}

/** Windows that start in `[fromUs, toUs)`. */
function between(windows: WindowMoments, fromUs: number, toUs: number): WindowMoments {
  const from = lowerBound(windows.start, fromUs, 0);
  const to = lowerBound(windows.start, toUs, from);
  if (from === 0 && to === windows.start.length) return windows;
  return {
    start: windows.start.subarray(from, to),
    count: windows.count.subarray(from, to),
    sum: windows.sum.subarray(from, to),
    min: windows.min.subarray(from, to),
    max: windows.max.subarray(from, to),
    m2: windows.m2.subarray(from, to),
    sketch: windows.sketch?.slice(from, to) ?? null,
  };
}

function slice({ t, v, q }: ReadingRows, from: number, to: number): ReadingRows {
  return { t: t.subarray(from, to), v: v.subarray(from, to), q: q?.subarray(from, to) ?? null };
}

function firstOf(rows: ReadingRows, limit: number): ReadingRows {
  return rows.t.length > limit ? slice(rows, 0, limit) : rows;
}
