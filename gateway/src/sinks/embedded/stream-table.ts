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

/** What one block added to a stream. */
export interface StreamAddition {
  readonly readings: number;
  /** Time and value of the newest row of the block; null where it had none. */
  readonly newest: { readonly t: number; readonly value: number } | null;
}

/** The table of streams: ids, descriptions, the newest value, and the count of what is stored. */
export class StreamTable {
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #describe: StatementSync;
  readonly #add: StatementSync;
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
    this.#add = database.prepare(
      `UPDATE stream SET readings = readings + :readings,
         last_value = iif(:t >= coalesce(last_t, :t), :value, last_value),
         last_t = max(coalesce(last_t, :t), :t)
       WHERE id = :id`,
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

  add(id: number, { readings, newest }: StreamAddition): void {
    if (newest) this.#add.run({ id, readings, t: newest.t, value: newest.value });
  }

  forget(): void {
    this.#known.clear();
  }

  /** Readings stored a stream, as SQLite counted its insertions. */
  counts(): Map<StreamName, number> {
    const rows = this.#all.all();
    return new Map(rows.map((row) => [nameOf(row), Number(row['readings'])]));
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
