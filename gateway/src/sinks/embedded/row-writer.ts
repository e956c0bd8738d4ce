import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ReadingsField, WindowsBlock, WindowsField } from '@fieldline/protocol';

/**
 * How readings and windows lie in the tables: the one place, with `row-source.ts`, that knows. Runs inside the
 * caller's transaction.
 */
export class RowWriter {
  readonly #insertReading: StatementSync;
  readonly #nextReading: StatementSync;
  readonly #insertWindow: StatementSync;
  readonly #nextWindow: StatementSync;
  readonly #insertGap: StatementSync;
  readonly #newestReading: StatementSync;
  readonly #newestWindow: StatementSync;
  /** By table and stream: the newest time stored, so that rows in order need no look-up. */
  readonly #newestUs = new Map<string, number>();

  constructor(database: DatabaseSync) {
    this.#insertReading = database.prepare('INSERT INTO reading VALUES (?, ?, ?, ?, ?)');
    this.#nextReading = database.prepare(
      'SELECT coalesce(max(n) + 1, 0) AS n FROM reading WHERE stream = ? AND t = ?',
    );
    this.#insertWindow = database.prepare(
      'INSERT INTO window VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#nextWindow = database.prepare(
      'SELECT coalesce(max(n) + 1, 0) AS n FROM window WHERE stream = ? AND start = ?',
    );
    this.#newestReading = database.prepare('SELECT max(t) AS t FROM reading WHERE stream = ?');
    this.#newestWindow = database.prepare('SELECT max(start) AS t FROM window WHERE stream = ?');
    this.#insertGap = database.prepare('INSERT OR IGNORE INTO gap VALUES (?, ?, ?, ?, ?)');
  }

  /** Inserts the readings that are there (NaN is absence). Answers how many rows SQLite says it took. */
  insertReadings(stream: number, times: Float64Array, { v, q }: ReadingsField): number {
    let inserted = 0;
    let newestUs = this.#newest('reading', stream);
    for (let index = 0; index < times.length; index++) {
      const value = v[index]!;
      if (Number.isNaN(value)) continue;
      const timeUs = times[index]!;
      const n = timeUs > newestUs ? 0 : this.#next(this.#nextReading, stream, timeUs);
      if (timeUs > newestUs) newestUs = timeUs;
      inserted += Number(this.#insertReading.run(stream, timeUs, n, value, q?.[index] ?? 0).changes);
    }
    this.#newestUs.set(`reading ${stream}`, newestUs);
    return inserted;
  }

  /** Inserts the windows that hold a reading. Answers the sum of their counts. */
  insertWindows(stream: number, block: WindowsBlock, field: WindowsField): number {
    let readings = 0;
    let newestUs = this.#newest('window', stream);
    for (let index = 0; index < block.start.length; index++) {
      const count = field.count[index]!;
      if (count === 0) continue;
      const startUs = block.start[index]!;
      const n = startUs > newestUs ? 0 : this.#next(this.#nextWindow, stream, startUs);
      if (startUs > newestUs) newestUs = startUs;
      const { changes } = this.#insertWindow.run(
        stream, startUs, n, block.end[index]!, block.window, block.partial?.[index] ?? 0,
        count, field.sum[index]!, field.min[index]!, field.max[index]!,
        field.first[index]!, field.last[index]!, field.m2[index]!, field.sketch?.[index] ?? null,
      ); // prettier-ignore
      readings += Number(changes) * count;
    }
    this.#newestUs.set(`window ${stream}`, newestUs);
    return readings;
  }

  insertGap(device: string, sensor: string, fromUs: number, toUs: number, reason: string): void {
    this.#insertGap.run(device, sensor, fromUs, toUs, reason);
  }

  /** Forgets what it believed of the newest rows, after a transaction was rolled back. */
  forget(): void {
    this.#newestUs.clear();
  }

  #newest(table: 'reading' | 'window', stream: number): number {
    const known = this.#newestUs.get(`${table} ${stream}`);
    if (known !== undefined) return known;
    const statement = table === 'reading' ? this.#newestReading : this.#newestWindow;
    const newest = statement.get(stream)?.['t'];
    return typeof newest === 'number' ? newest : Number.NEGATIVE_INFINITY;
  }

  #next(statement: StatementSync, stream: number, timeUs: number): number {
    return Number(statement.get(stream, timeUs)?.['n']);
  }
}
