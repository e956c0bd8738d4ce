import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { streamName, type StreamInfo, type StreamName } from '@fieldline/protocol';

/** What a block says of one stream. */
export interface StreamDescription {
  readonly device: string;
  readonly sensor: string;
  readonly quantity: string;
  readonly type: string;
  readonly unit: string;
  readonly kind: 'readings' | 'windows';
  readonly window: string | null;
  readonly extra: boolean;
}

/** Time (of a window: its end, µs) and value (of a window: its mean) of the newest row of a stream. */
export interface Newest {
  readonly t: number;
  readonly value: number;
}

/** The newest row that has a value (NaN is absence); null where none has one. */
export function newestOf(times: Float64Array, values: Float64Array): Newest | null {
  let newestAt = -1;
  let newestUs = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < times.length; index++) {
    if (Number.isNaN(values[index]!) || times[index]! < newestUs) continue;
    newestUs = times[index]!;
    newestAt = index;
  }
  return newestAt < 0 ? null : { t: newestUs, value: values[newestAt]! };
}

/** The table of streams: ids, descriptions, the newest value, and how many readings retention removed. */
export class StreamTable {
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #describe: StatementSync;
  readonly #noteNewest: StatementSync;
  readonly #counts: StatementSync;
  readonly #all: StatementSync;
  /** By device, sensor, quantity and extra; forgotten when a transaction is rolled back. */
  readonly #known = new Map<string, { id: number; description: string }>();

  constructor(database: DatabaseSync) {
    this.#find = database.prepare(
      'SELECT id FROM stream WHERE device = ? AND sensor = ? AND quantity = ? AND extra = ?',
    );
    this.#insert = database.prepare(
      `INSERT INTO stream (device, sensor, quantity, extra, type, unit, kind, window)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
    );
    this.#describe = database.prepare(
      'UPDATE stream SET type = ?, unit = ?, kind = ?, window = ? WHERE id = ?',
    );
    this.#noteNewest = database.prepare(
      'UPDATE stream SET last_value = :value, last_t = :t WHERE id = :id AND :t >= coalesce(last_t, :t)',
    );
    this.#counts = database.prepare(
      `SELECT device, sensor, quantity, CAST(removed AS REAL) +
         (SELECT total(readings) FROM block WHERE block.stream = stream.id) AS readings
       FROM stream WHERE extra = 0`,
    );
    this.#all = database.prepare('SELECT * FROM stream WHERE extra = 0 ORDER BY device, sensor, quantity');
  }

  /** The id of a stream, which is added where it is new and described anew where it changed. */
  idOf(stream: StreamDescription): number {
    const key = `${stream.device}/${stream.sensor}/${stream.quantity}${stream.extra ? '+' : ''}`;
    const description = `${stream.type} ${stream.unit} ${stream.kind} ${stream.window ?? ''}`;
    const known = this.#known.get(key);
    if (known?.description === description) return known.id;
    const id = this.#findOrInsert(stream);
    this.#describe.run(stream.type, stream.unit, stream.kind, stream.window, id);
    this.#known.set(key, { id, description });
    return id;
  }

  /** Notes the newest row, where it is not older than what is known. */
  noteNewest(id: number, { t, value }: Newest): void {
    this.#noteNewest.run({ id, t, value });
  }

  forget(): void {
    this.#known.clear();
  }

  /**
   * Readings stored a stream: what the blocks in the file hold, added up anew each time (one row of SQLite for
   * thousands of readings), and what retention removed.
   */
  counts(): Map<StreamName, number> {
    return new Map(this.#counts.all().map((row) => [nameOf(row), Number(row['readings'])]));
  }

  list(): StreamInfo[] {
    return this.#all.all().map((row) => ({
      stream: nameOf(row),
      device: String(row['device']),
      sensor: String(row['sensor']),
      type: String(row['type']),
      quantity: String(row['quantity']),
      unit: String(row['unit']),
      kind: row['kind'] === 'windows' ? 'windows' : 'readings',
      window: typeof row['window'] === 'string' ? row['window'] : null,
      lastT: typeof row['last_t'] === 'number' ? row['last_t'] : null,
      lastValue: typeof row['last_value'] === 'number' ? row['last_value'] : null,
    }));
  }

  #findOrInsert(stream: StreamDescription): number {
    const { device, sensor, quantity, type, unit, kind, window } = stream;
    const extra = stream.extra ? 1 : 0;
    const row =
      this.#find.get(device, sensor, quantity, extra) ??
      this.#insert.get(device, sensor, quantity, extra, type, unit, kind, window);
    return Number(row?.['id']);
  }
}

function nameOf(row: Record<string, unknown>): StreamName {
  return streamName(String(row['device']), String(row['sensor']), String(row['quantity']));
}
