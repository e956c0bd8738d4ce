import type { DatabaseSync } from 'node:sqlite';
import { FieldlineError } from '@fieldline/protocol';
import type { SeriesSource } from '../../query/answer-query.ts';
import { lowerBound, type BucketSeries } from '../../query/bucket-series.ts';
import { ReadingsIntoBuckets } from '../../query/readings-into-buckets.ts';
import {
  queryLimits,
  type Gap,
  type RawReadings,
  type StoredWindows,
  type StreamAddress,
} from '../../query/store.ts';
import { BlockTable, type StoredBlock } from './blocks/block-table.ts';
import { sliceWindows } from './blocks/block-writer.ts';
import { joinReadings, joinWindows } from './blocks/join-rows.ts';
import { grain } from './blocks/limits.ts';
import { decodeReadings, type ReadingRows } from './blocks/readings.ts';
import { decodeMoments, decodeWindows, type WindowRows } from './blocks/windows.ts';

/** Whose rows are read, of which time, and until when. */
export interface SourceRange {
  readonly address: StreamAddress;
  readonly fromUs: number;
  readonly toUs: number;
  /** Throws QUERY_TIMEOUT once the question has taken too long. */
  readonly check: () => void;
}

/** How a query reads the blocks of one stream. */
export class BlockSource implements SeriesSource {
  readonly unit: string;
  readonly #database: DatabaseSync;
  readonly #table: BlockTable;
  readonly #range: SourceRange;
  readonly #readings: readonly StoredBlock[];
  readonly #windows: readonly StoredBlock[];

  private constructor(database: DatabaseSync, range: SourceRange, stream: { id: number; unit: string }) {
    this.#database = database;
    this.#table = new BlockTable(database);
    this.#range = range;
    this.unit = stream.unit;
    const touching = (kind: 0 | 1): StoredBlock[] =>
      this.#table.touching({ stream: stream.id, grain: kind }, range.fromUs, range.toUs);
    this.#readings = touching(grain.readings);
    this.#windows = touching(grain.windows);
  }

  /** Undefined where there is no such stream. */
  static open(database: DatabaseSync, range: SourceRange): BlockSource | undefined {
    const { device, sensor, quantity } = range.address;
    const row = database
      .prepare('SELECT id, unit FROM stream WHERE device = ? AND sensor = ? AND quantity = ? AND extra = 0')
      .get(device, sensor, quantity);
    if (!row) return undefined;
    return new BlockSource(database, range, { id: Number(row['id']), unit: String(row['unit']) });
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
    this.#checkRows(this.#windows);
    for (const block of this.#windows) {
      this.#range.check();
      series.addWindows(decodeMoments(this.#table.data(block), block.rows, withSketches));
    }
  }

  async addReadings(series: BucketSeries): Promise<void> {
    if (series.quantiles === 'none') this.#addUnordered(series);
    else this.#addInOrder(series);
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
    const rows = this.#database
      .prepare(sql)
      .all(address.device, address.sensor, toUs, fromUs, queryLimits.gapsMax);
    return rows.map((row) => [Number(row['from_t']), Number(row['to_t']), String(row['reason'])]);
  }

  /** Where no quantile is wanted, a block that lies in one bucket is known by its summary. */
  #addUnordered(series: BucketSeries): void {
    const read: StoredBlock[] = [];
    for (const block of this.#readings) {
      const startUs = series.bucketOf(block.start);
      const isOneBucket = block.last < startUs + series.lengthUs;
      if (isOneBucket && this.#liesWithin(block))
        series.addSummary(startUs, { ...block, count: block.readings, p50: NaN, p95: NaN, p99: NaN }); // prettier-ignore
      else read.push(block);
    }
    this.#checkRows(read);
    for (const block of read) {
      this.#range.check();
      const { t, v } = decodeReadings(this.#table.data(block), block.rows);
      series.addUnordered(t, v);
    }
  }

  #addInOrder(series: BucketSeries): void {
    this.#checkRows(this.#readings);
    const buckets = new ReadingsIntoBuckets(series);
    for (const { t, v } of this.#inOrder(this.#readings)) buckets.add(t, v);
    buckets.finish();
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
      const rows = decodeReadings(this.#table.data(block), block.rows);
      open = rest ? joinReadings([rest, rows]) : rows;
    }
    if (open) yield this.#within(open);
  }

  #windowsOf(block: StoredBlock): WindowRows {
    const rows = decodeWindows(this.#table.data(block), block.rows);
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
    const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
    if (rows <= queryLimits.scanRowsMax) return;
    const { device, sensor, quantity } = this.#range.address;
    const detail = `More than ${queryLimits.scanRowsMax} rows lie in the range.`;
    throw new FieldlineError('QUERY_TOO_LARGE', { subject: `${device}/${sensor}/${quantity}`, detail });
  }
}

function slice({ t, v, q }: ReadingRows, from: number, to: number): ReadingRows {
  return { t: t.subarray(from, to), v: v.subarray(from, to), q: q?.subarray(from, to) ?? null };
}

function firstOf(rows: ReadingRows, limit: number): ReadingRows {
  return rows.t.length > limit ? slice(rows, 0, limit) : rows;
}
