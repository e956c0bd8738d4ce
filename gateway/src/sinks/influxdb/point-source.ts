import { Buffer } from 'node:buffer';
import type { Gap, RawReadings, SeriesSource } from '../../query/answer-query.ts';
import type { BucketSeries, StoredWindow } from '../../query/bucket-series.ts';
import { ReadingsIntoBuckets } from '../../query/readings-into-buckets.ts';
import { queryLimits, type QueryRequest } from '../../query/store.ts';
import { identifier, literal } from './influxql.ts';
import type { InfluxQueries, Series } from './influx-queries.ts';
import type { CatalogEntry } from './stream-catalog.ts';

/** Rows that one answer of InfluxDB may hold: it comes as one JSON document. */
export const answerRowsMax = 1_000_000;

/** More rows than one answer may hold: told to the caller as QUERY_TOO_LARGE. */
export class TooManyRows extends RangeError {
  override readonly name = 'TooManyRows';
}

/** How a query reads one stream's points. */
export class PointSource implements SeriesSource {
  readonly unit: string;
  readonly #queries: InfluxQueries;
  readonly #request: QueryRequest;
  readonly #from: string;
  readonly #measurements: number;

  constructor(queries: InfluxQueries, request: QueryRequest, entry: CatalogEntry) {
    this.unit = entry.unit;
    this.#queries = queries;
    this.#request = request;
    this.#measurements = entry.types.size;
    this.#from = Array.from(entry.types, identifier).join(', ');
  }

  async windowKinds(): Promise<string[]> {
    const count = this.#field('count');
    const [series = []] = await this.#queries.ask(
      `SELECT count(${count}) FROM ${this.#from} WHERE ${this.#where('windows')} GROUP BY "window"`,
    );
    return series.flatMap(({ tags }) => tags?.['window'] ?? []);
  }

  async eachWindow(visit: (window: StoredWindow) => void): Promise<void> {
    const columns = ['count', 'sum', 'min', 'max', 'sketch'].map((column) => this.#field(column)).join(', ');
    const rows = await this.#rows(`SELECT ${columns} FROM ${this.#from} WHERE ${this.#where('windows')}`);
    for (const [startUs, count, sum, min, max, sketch] of rows) {
      visit({
        startUs: Number(startUs),
        count: Number(count),
        sum: Number(sum),
        min: Number(min),
        max: Number(max),
        sketch: typeof sketch === 'string' ? Buffer.from(sketch, 'base64url') : null,
      });
    }
  }

  async firstReadings(limit: number): Promise<RawReadings> {
    const rows = await this.#rows(this.#readings(), limit);
    return {
      t: Float64Array.from(rows, ([timeUs]) => Number(timeUs)),
      v: Float64Array.from(rows, ([, value]) => Number(value)),
    };
  }

  /**
   * InfluxDB summarises each bucket. Read reading by reading are only buckets that hold windows too, and a
   * sensor that changed its type: its measurements' quantiles do not merge.
   */
  async addReadings(series: BucketSeries, lengthUs: number): Promise<void> {
    if (this.#measurements > 1) return await this.#addOneByOne(series, lengthUs, () => true);
    const withWindows = series.withWindows;
    const mixed = new Set<number>();
    for (const [startUs, count, sum, min, max, p50, p95, p99] of await this.#summaries(lengthUs)) {
      if (withWindows.has(startUs)) mixed.add(startUs);
      else series.addSummary(startUs, { count, sum, min, max, p50, p95, p99 });
    }
    if (mixed.size > 0) await this.#addOneByOne(series, lengthUs, (startUs) => mixed.has(startUs));
  }

  async gaps(): Promise<Gap[]> {
    const { device, sensor, fromUs, toUs } = this.#request;
    const of = `"device" = ${literal(device)} AND "sensor" = ${literal(sensor)}`;
    const [series = []] = await this.#queries.ask(
      `SELECT "to", "reason" FROM "fieldline_gap" WHERE ${of} AND time < ${toUs}u AND "to" > ${fromUs} LIMIT ${queryLimits.gapsMax}`,
    );
    return series.flatMap(({ values }) =>
      values.map(([from, to, reason]): Gap => [Number(from), Number(to), String(reason)]),
    );
  }

  async #summaries(lengthUs: number): Promise<Summary[]> {
    const v = identifier(this.#request.quantity);
    const quantiles = [50, 95, 99].map((percent) => `percentile(${v}, ${percent})`).join(', ');
    const select = `SELECT count(${v}), sum(${v}), min(${v}), max(${v}), ${quantiles}`;
    const group = `GROUP BY time(${lengthUs}u) fill(none)`;
    const rows = await this.#rows(`${select} FROM ${this.#from} WHERE ${this.#where('readings')} ${group}`);
    return rows.filter((row) => Number(row[1]) > 0).map((row) => row.map(Number) as Summary);
  }

  async #addOneByOne(
    series: BucketSeries,
    lengthUs: number,
    wanted: (startUs: number) => boolean,
  ): Promise<void> {
    const buckets = new ReadingsIntoBuckets(series, lengthUs);
    for (const [timeUs, value] of await this.#rows(this.#readings())) {
      if (wanted(series.bucketOf(Number(timeUs)))) buckets.add(Number(timeUs), Number(value));
    }
    buckets.finish();
  }

  #readings(): string {
    const { quantity } = this.#request;
    return `SELECT ${identifier(quantity)} FROM ${this.#from} WHERE ${this.#where('readings')}`;
  }

  async #rows(statement: string, limit = answerRowsMax + 1): Promise<Row[]> {
    const [series = []] = await this.#queries.ask(`${statement} LIMIT ${limit}`);
    const rows = series.flatMap(({ values }: Series): readonly Row[] => values);
    if (rows.length > answerRowsMax)
      throw new TooManyRows(`More than ${answerRowsMax} rows lie in the range.`);
    return series.length > 1 ? rows.sort((a, b) => Number(a[0]) - Number(b[0])) : rows;
  }

  /** A tag that is not there equals the empty string. */
  #where(kind: 'readings' | 'windows'): string {
    const { device, sensor, fromUs, toUs } = this.#request;
    const window = kind === 'windows' ? `"window" != ''` : `"window" = ''`;
    const of = `"device" = ${literal(device)} AND "sensor" = ${literal(sensor)} AND ${window} AND "extra" = ''`;
    return `${of} AND time >= ${fromUs}u AND time < ${toUs}u`;
  }

  #field(column: string): string {
    return identifier(`${this.#request.quantity}_${column}`);
  }
}

type Row = readonly (number | string | boolean | null)[];
type Summary = [
  startUs: number,
  count: number,
  sum: number,
  min: number,
  max: number,
  p50: number,
  p95: number,
  p99: number,
];
