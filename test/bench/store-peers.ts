import {
  DuckDBDataChunk,
  DuckDBInstance,
  BIGINT,
  DOUBLE,
  INTEGER,
  type DuckDBConnection,
} from '@duckdb/node-api';
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { DayOfReadings } from './store-data.ts';

/** A store of the benchmark: filled with the same rows, asked the same question. */
export interface PeerStore {
  /** Asks for count, mean, min and max of each stream and minute; answers how many buckets came. */
  ask(): Promise<number>;
  /** Bytes on disk. */
  sizeBytes(): Promise<number>;
  close(): void;
}

/** Rows of one chunk of DuckDB. */
const chunkRows = 2048;

/** DuckDB with a table of (stream, t, v), in a file; as many threads as the machine has. */
export async function duckdbStore(path: string, day: readonly DayOfReadings[]): Promise<PeerStore> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run('CREATE TABLE reading (stream INTEGER, t BIGINT, v DOUBLE)');
  await fillDuckdb(connection, day);
  await connection.run('CHECKPOINT');
  const sql = `SELECT stream, t // 60000000 AS minute, count(*), avg(v), min(v), max(v)
    FROM reading GROUP BY ALL ORDER BY ALL`;
  return {
    ask: async () => (await connection.run(sql)).rowCount,
    sizeBytes: async () => statSync(path).size,
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function fillDuckdb(connection: DuckDBConnection, day: readonly DayOfReadings[]): Promise<void> {
  const appender = await connection.createAppender('reading');
  for (const [stream, { t, v }] of day.entries()) {
    for (let from = 0; from < t.length; from += chunkRows) {
      const times = Array.from(t.subarray(from, from + chunkRows), BigInt);
      const values = Array.from(v.subarray(from, from + chunkRows));
      const chunk = DuckDBDataChunk.create([INTEGER, BIGINT, DOUBLE], times.length);
      chunk.setColumns([times.map(() => stream), times, values]);
      appender.appendDataChunk(chunk);
    }
  }
  appender.closeSync();
}

/** SQLite with a row a reading, clustered by stream and time. */
export function sqliteRowStore(path: string, day: readonly DayOfReadings[]): PeerStore {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
    CREATE TABLE reading (stream INTEGER, t INTEGER, n INTEGER, v REAL, PRIMARY KEY (stream, t, n)) WITHOUT ROWID;
    BEGIN`);
  const insert = database.prepare('INSERT INTO reading VALUES (?, ?, 0, ?)');
  for (const [stream, { t, v }] of day.entries()) {
    for (let index = 0; index < t.length; index++) insert.run(stream, t[index]!, v[index]!);
  }
  database.exec('COMMIT');
  const statement = database.prepare(
    'SELECT stream, t / 60000000 AS minute, count(*), avg(v), min(v), max(v) FROM reading GROUP BY 1, 2',
  );
  return {
    ask: async () => statement.all().length,
    sizeBytes: async () => statSync(path).size,
    close: () => database.close(),
  };
}
