import { Buffer } from 'node:buffer';
import type { SeriesSource, TimeRange } from '../../query/answer-query.ts';
import type { BucketSeries } from '../../query/bucket-series.ts';
import { ReadingsIntoBuckets } from '../../query/readings-into-buckets.ts';
import {
  queryLimits,
  type Gap,
  type RawReadings,
  type StoredWindows,
  type StreamAddress,
} from '../../query/store.ts';
import { identifier, literal } from './influxql.ts';
import type { InfluxQueries, Series } from './influx-queries.ts';
import { influxGrains } from './rollups/grains.ts';
import type { HourRows } from './rollups/roll-up-hour.ts';
import type { CatalogEntry } from './stream-catalog.ts';

/** Rows that one answer of InfluxDB may hold: it comes as one JSON document. */
export const answerRowsMax = 1_000_000;

/** More rows than one answer may hold: told to the caller as QUERY_TOO_LARGE. */
export class TooManyRows extends RangeError {
  override readonly name = 'TooManyRows';
}

/** Which points are read. */
export interface PointRange extends StreamAddress {
  readonly fromUs: number;
  readonly toUs: number;
}

/** What a question wants to know of a range first. */
export interface RangeOverview {
  readonly kinds: readonly string[];
  readonly gaps: readonly Gap[];
  /** Readings and what windows count, as far as rollups tell; 0 where they tell nothing. */
  readonly readingsAtLeast: number;
}

/** What is read of a rollup, and what beside it. */
export interface RollupParts {
  /** The retention policy. */
  readonly policy: string;
  readonly windows: readonly TimeRange[];
  readonly readings: readonly TimeRange[];
}

/** Readings in order of time. */
export interface ReadingColumns {
  readonly t: Float64Array;
  readonly v: Float64Array;
}

const [, coarsest] = influxGrains;

/** How a query reads one stream's points. */
export class PointSource implements SeriesSource {
  readonly unit: string;
  readonly #queries: InfluxQueries;
  readonly #range: PointRange;
  readonly #from: string;
  readonly #types: readonly string[];

  constructor(queries: InfluxQueries, range: PointRange, entry: CatalogEntry) {
    this.unit = entry.unit;
    this.#queries = queries;
    this.#range = range;
    this.#types = [...entry.types];
    this.#from = this.#types.map(identifier).join(', ');
  }

  async windowKinds(): Promise<string[]> {
    const [series = []] = await this.#queries.ask(this.#kindsStatement());
    return kindsOf(series);
  }

  /** What a question wants to know first, asked together: `rolled` is a part of the range whose hours are all rolled up. */
  async overview(rolled: TimeRange | undefined): Promise<RangeOverview> {
    const count = rolled && [
      `SELECT sum(${this.#field('count')}) FROM ${this.#under(coarsest.policy)} WHERE ${this.#within(rolled)}`,
    ];
    const [kinds = [], gaps = [], sums = []] = await this.#queries.ask(
      this.#kindsStatement(),
      this.#gapsStatement(),
      ...(count ?? []),
    );
    const readingsAtLeast = sums
      .flatMap(({ values }) => values)
      .reduce((sum, row) => sum + Number(row[1]), 0);
    return { kinds: kindsOf(kinds), gaps: gapsOf(gaps), readingsAtLeast };
  }

  async addWindows(series: BucketSeries): Promise<void> {
    series.addWindows(momentsOf(await this.#windowRows(momentsFor(series))));
  }

  /**
   * Adds the windows of a rollup for the parts of the range that it holds, and answers the readings of `readings`, parts as well: all by one
   * request. Rejects with TooManyRows.
   */
  async addRollup(
    series: BucketSeries,
    { policy, windows, readings }: RollupParts,
  ): Promise<ReadingColumns[]> {
    const from = this.#under(policy);
    const fields = momentsFor(series)
      .map((column) => this.#field(column))
      .join(', ');
    const answers = await this.#queries.ask(
      ...windows.map((part) => limited(`SELECT ${fields} FROM ${from} WHERE ${this.#within(part)}`)),
      ...readings.map((part) => limited(this.#readings('', part))),
    );
    for (const answer of answers.slice(0, windows.length)) series.addWindows(momentsOf(rowsOf(answer)));
    return answers.slice(windows.length).map((answer) => {
      const rows = rowsOf(answer);
      return { t: numbers(rows, 0), v: numbers(rows, 1) };
    });
  }

  /** The time of the first reading or window; undefined where there is none. */
  async firstTime(): Promise<number | undefined> {
    const value = identifier(this.#range.quantity);
    const answers = await this.#queries.ask(
      `SELECT first(${value}) FROM ${this.#from} WHERE ${this.#where('readings')}`,
      `SELECT first(${this.#field('count')}) FROM ${this.#from} WHERE ${this.#where('windows')}`,
    );
    const times = answers.flatMap((series) =>
      series.flatMap(({ values }) => values.map(([timeUs]) => Number(timeUs))),
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** All readings and windows, to be rolled up. Rejects with TooManyRows. */
  async allRows(): Promise<HourRows> {
    const readings = await this.#rows(this.#readings());
    const rows = await this.#windowRows(windowMoments, {
      also: `, ${this.#field('first')}, ${this.#field('last')}, "window_end"`,
    });
    const column = (index: number): Float64Array => numbers(rows, index);
    const windows = {
      ...momentsOf(rows),
      first: column(7),
      last: column(8),
      end: column(9),
      partial: new Uint8Array(rows.length),
    };
    return { t: numbers(readings, 0), v: numbers(readings, 1), windows };
  }

  async firstWindows(limit: number): Promise<StoredWindows> {
    const select = ['count', 'sum', 'min', 'max', 'm2'];
    const rows = await this.#windowRows(select, { also: ', "window_end"', limit });
    const column = (index: number): Float64Array => numbers(rows, index);
    return {
      start: column(0),
      count: column(1),
      sum: column(2),
      min: column(3),
      max: column(4),
      m2: column(5),
      end: column(6),
    };
  }

  async firstReadings(limit: number): Promise<RawReadings> {
    const quality = this.#field('quality');
    const rows = await this.#rows(this.#readings(`, ${quality}`), limit);
    const q = Uint8Array.from(rows, ([, , code]) => Number(code ?? 0));
    return { t: numbers(rows, 0), v: numbers(rows, 1), q: q.some((code) => code > 0) ? q : null };
  }

  /**
   * InfluxDB summarises each bucket. Read reading by reading are only buckets that hold something already, series of
   * several streams, and a sensor that changed its type: quantiles that InfluxDB computed do not merge.
   */
  async addReadings(series: BucketSeries): Promise<void> {
    const merges = series.quantiles !== 'none' && (series.quantiles === 'merged' || this.#types.length > 1);
    if (merges) return await this.#addOneByOne(series, () => true);
    const mixed = new Set<number>();
    for (const [startUs, count, sum, min, max, deviation, p50, p95, p99] of await this.#summaries(series)) {
      if (series.quantiles !== 'none' && series.isFilled(startUs)) mixed.add(startUs);
      else {
        const m2 = deviation * deviation * (count - 1);
        series.addSummary(startUs, { count, sum, min, max, m2, p50, p95, p99 });
      }
    }
    if (mixed.size > 0) await this.#addOneByOne(series, (startUs) => mixed.has(startUs));
  }

  async gaps(): Promise<Gap[]> {
    const [series = []] = await this.#queries.ask(this.#gapsStatement());
    return gapsOf(series);
  }

  #kindsStatement(): string {
    return `SELECT count(${this.#field('count')}) FROM ${this.#from} WHERE ${this.#where('windows')} GROUP BY "window"`;
  }

  #gapsStatement(): string {
    const { device, sensor, fromUs, toUs } = this.#range;
    const of = `"device" = ${literal(device)} AND "sensor" = ${literal(sensor)}`;
    return `SELECT "to", "reason" FROM "fieldline_gap" WHERE ${of} AND time < ${toUs}u AND "to" > ${fromUs} LIMIT ${queryLimits.gapsMax}`;
  }

  /** The measurements under another retention policy. */
  #under(policy: string): string {
    return this.#types.map((type) => `${identifier(policy)}.${identifier(type)}`).join(', ');
  }

  async #summaries({ lengthUs, quantiles }: BucketSeries): Promise<Summary[]> {
    const v = identifier(this.#range.quantity);
    const percentiles = quantiles === 'none' ? [] : [50, 95, 99].map((rank) => `, percentile(${v}, ${rank})`);
    const select = `SELECT count(${v}), sum(${v}), min(${v}), max(${v}), stddev(${v})${percentiles.join('')}`;
    const group = `GROUP BY time(${lengthUs}u) fill(none)`;
    const rows = await this.#rows(`${select} FROM ${this.#from} WHERE ${this.#where('readings')} ${group}`);
    const none = quantiles === 'none' ? [NaN, NaN, NaN] : [];
    return rows.filter((row) => Number(row[1]) > 0).map((row) => [...row.map(Number), ...none] as Summary);
  }

  async #addOneByOne(series: BucketSeries, wanted: (startUs: number) => boolean): Promise<void> {
    const buckets = new ReadingsIntoBuckets(series);
    const rows = await this.#rows(this.#readings());
    const kept = rows.filter(([timeUs]) => wanted(series.bucketOf(Number(timeUs))));
    buckets.add(numbers(kept, 0), numbers(kept, 1));
    buckets.finish();
  }

  #readings(also = '', range: TimeRange = this.#range): string {
    const field = identifier(this.#range.quantity);
    return `SELECT ${field}${also} FROM ${this.#from} WHERE ${this.#where('readings', range)}`;
  }

  #windowRows(
    columns: readonly string[],
    { also = '', limit }: { also?: string; limit?: number } = {},
  ): Promise<Row[]> {
    const fields = columns.map((column) => this.#field(column)).join(', ');
    return this.#rows(`SELECT ${fields}${also} FROM ${this.#from} WHERE ${this.#where('windows')}`, limit);
  }

  async #rows(statement: string, limit?: number): Promise<Row[]> {
    const [series = []] = await this.#queries.ask(limited(statement, limit));
    return rowsOf(series);
  }

  /** A tag that is not there equals the empty string. */
  #where(kind: 'readings' | 'windows', range: TimeRange = this.#range): string {
    const window = kind === 'windows' ? `"window" != ''` : `"window" = ''`;
    return `${window} AND "extra" = '' AND ${this.#within(range)}`;
  }

  #within({ fromUs, toUs }: TimeRange): string {
    const { device, sensor } = this.#range;
    const of = `"device" = ${literal(device)} AND "sensor" = ${literal(sensor)}`;
    return `${of} AND time >= ${fromUs}u AND time < ${toUs}u`;
  }

  #field(column: string): string {
    return identifier(`${this.#range.quantity}_${column}`);
  }
}

function limited(statement: string, limit = answerRowsMax + 1): string {
  return `${statement} LIMIT ${limit}`;
}

/** The rows of all series in order of time. Throws TooManyRows. */
function rowsOf(series: readonly Series[]): Row[] {
  const rows = series.flatMap(({ values }: Series): readonly Row[] => values);
  if (rows.length > answerRowsMax) throw new TooManyRows(`More than ${answerRowsMax} rows lie in the range.`);
  return series.length > 1 ? rows.sort((a, b) => Number(a[0]) - Number(b[0])) : rows;
}

function kindsOf(series: readonly Series[]): string[] {
  return series.flatMap(({ tags }) => tags?.['window'] ?? []);
}

function gapsOf(series: readonly Series[]): Gap[] {
  return series.flatMap(({ values }) =>
    values.map(([from, to, reason]): Gap => [Number(from), Number(to), String(reason)]),
  );
}

type Row = readonly (number | string | boolean | null)[];
type Summary = [
  startUs: number,
  count: number,
  sum: number,
  min: number,
  max: number,
  deviation: number,
  p50: number,
  p95: number,
  p99: number,
];

/** The columns of a window that buckets are made of, in the order in which they are asked for. */
const windowMoments = ['count', 'sum', 'min', 'max', 'm2', 'sketch'] as const;

/** Those that a series needs: sketches, which are most of the bytes, only for quantiles. */
function momentsFor({ quantiles }: BucketSeries): readonly string[] {
  return quantiles === 'none' ? windowMoments.filter((column) => column !== 'sketch') : windowMoments;
}

/** Rows of time and `windowMoments` as columns. */
function momentsOf(rows: readonly Row[]) {
  const column = (index: number): Float64Array => numbers(rows, index);
  return {
    start: column(0),
    count: column(1),
    sum: column(2),
    min: column(3),
    max: column(4),
    m2: column(5),
    sketch: rows.map(([, , , , , , text]) =>
      typeof text === 'string' ? Buffer.from(text, 'base64url') : null,
    ),
  };
}

function numbers(rows: readonly Row[], column: number): Float64Array {
  return Float64Array.from(rows, (row) => Number(row[column]));
}
