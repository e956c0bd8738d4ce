import type { DatabaseSync } from 'node:sqlite';
import type { BucketSeries, StoredWindow } from '../../query/bucket-series.ts';
import type { Gap, RawReadings, SeriesSource } from '../../query/answer-query.ts';
import { ReadingsIntoBuckets } from '../../query/readings-into-buckets.ts';
import { queryLimits, type QueryRequest } from '../../query/store.ts';

/** How a query reads one stream's rows: the reading half of `row-writer.ts`. */
export class RowSource implements SeriesSource {
  readonly #database: DatabaseSync;
  readonly #request: QueryRequest;
  readonly #stream: number;
  readonly unit: string;

  private constructor(database: DatabaseSync, request: QueryRequest, stream: { id: number; unit: string }) {
    this.#database = database;
    this.#request = request;
    this.#stream = stream.id;
    this.unit = stream.unit;
  }

  /** Undefined where there is no such stream. */
  static open(database: DatabaseSync, request: QueryRequest): RowSource | undefined {
    const row = database
      .prepare('SELECT id, unit FROM stream WHERE device = ? AND sensor = ? AND quantity = ? AND extra = 0')
      .get(request.device, request.sensor, request.quantity);
    if (!row) return undefined;
    return new RowSource(database, request, { id: Number(row['id']), unit: String(row['unit']) });
  }

  /** Rows that a bucketed answer would visit, counted no further than the limit. */
  rows(): number {
    const count = (table: string, time: string): number => {
      const sql = `SELECT count(*) AS n FROM (SELECT 1 FROM ${table} WHERE stream = ? AND ${time} >= ? AND ${time} < ? LIMIT ?)`;
      const row = this.#database.prepare(sql).get(...this.#range(), queryLimits.scanRowsMax + 1);
      return Number(row?.['n']);
    };
    return count('reading', 't') + count('window', 'start');
  }

  async windowKinds(): Promise<string[]> {
    const sql = 'SELECT DISTINCT window FROM window WHERE stream = ? AND start >= ? AND start < ?';
    const rows = this.#database.prepare(sql).all(...this.#range());
    return rows.map((row) => String(row['window']));
  }

  async eachWindow(visit: (window: StoredWindow) => void): Promise<void> {
    const sql = `SELECT start, count, sum, min, max, sketch FROM window
                 WHERE stream = ? AND start >= ? AND start < ? ORDER BY start, n`;
    for (const row of this.#database.prepare(sql).iterate(...this.#range())) {
      const sketch = row['sketch'];
      visit({
        startUs: Number(row['start']),
        count: Number(row['count']),
        sum: Number(row['sum']),
        min: Number(row['min']),
        max: Number(row['max']),
        sketch: sketch instanceof Uint8Array ? sketch : null,
      });
    }
  }

  async firstReadings(limit: number): Promise<RawReadings> {
    const sql = 'SELECT t, v FROM reading WHERE stream = ? AND t >= ? AND t < ? ORDER BY t, n LIMIT ?';
    const rows = this.#database.prepare(sql).all(...this.#range(), limit);
    return {
      t: Float64Array.from(rows, (row) => Number(row['t'])),
      v: Float64Array.from(rows, (row) => Number(row['v'])),
    };
  }

  async addReadings(series: BucketSeries, lengthUs: number): Promise<void> {
    const sql = 'SELECT t, v FROM reading WHERE stream = ? AND t >= ? AND t < ? ORDER BY t, n';
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    const buckets = new ReadingsIntoBuckets(series, lengthUs);
    for (const row of statement.iterate(...this.#range()) as Iterable<unknown>) {
      const [timeUs, value] = row as [number, number];
      buckets.add(timeUs, value);
    }
    buckets.finish();
  }

  async gaps(): Promise<Gap[]> {
    const sql = `SELECT from_t, to_t, reason FROM gap
                 WHERE device = ? AND sensor = ? AND from_t < ? AND to_t > ? ORDER BY from_t LIMIT ?`;
    const { device, sensor, fromUs, toUs } = this.#request;
    const rows = this.#database.prepare(sql).all(device, sensor, toUs, fromUs, queryLimits.gapsMax);
    return rows.map((row) => [Number(row['from_t']), Number(row['to_t']), String(row['reason'])]);
  }

  #range(): [number, number, number] {
    return [this.#stream, this.#request.fromUs, this.#request.toUs];
  }
}
