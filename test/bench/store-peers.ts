import {
  DuckDBDataChunk,
  DuckDBInstance,
  BIGINT,
  DOUBLE,
  INTEGER,
  type DuckDBConnection,
} from '@duckdb/node-api';
import { Buffer } from 'node:buffer';
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Influxd } from '../services/influxd.ts';
import { InfluxDatabase } from './gateway/influx-database.ts';
import { deviceOf, type DayOfReadings } from './store-data.ts';

/** A store of the benchmark: filled with the same rows, asked the same question. */
export interface PeerStore {
  /** Asks for count, mean, min and max of each stream and minute; answers how many buckets came. */
  ask(): Promise<number>;
}

/** One whose files can be looked at. */
export interface FilePeerStore extends PeerStore {
  /** Bytes on disk. */
  sizeBytes(): Promise<number>;
  close(): void;
}

/** Rows of one chunk of DuckDB. */
const chunkRows = 2048;

/** DuckDB with a table of (stream, t, v), in a file; as many threads as the machine has. */
export async function duckdbStore(path: string, day: readonly DayOfReadings[]): Promise<FilePeerStore> {
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

/** Lines of one request to InfluxDB. */
const influxLines = 10_000;

/** InfluxDB 1.x with a series a stream, as the gateway writes them; asked over HTTP for JSON, as it alone can be. */
export async function influxStore(influxd: Influxd, day: readonly DayOfReadings[]): Promise<PeerStore> {
  const database = new InfluxDatabase(influxd.url, 'store');
  await database.create();
  await fillInflux(database, day);
  const range = `time >= ${day[0]?.t[0] ?? 0}u AND time <= ${day[0]?.t.at(-1) ?? 0}u`;
  const select = 'SELECT count("temperature"), mean("temperature"), min("temperature"), max("temperature")';
  const statement = `${select} FROM "thermometer" WHERE ${range} GROUP BY time(1m), "device" fill(none)`;
  return {
    ask: () => database.rows(statement),
  };
}

/** Stream by stream, a request after another: the order in which it takes them with the least work. */
async function fillInflux(database: InfluxDatabase, day: readonly DayOfReadings[]): Promise<void> {
  for (const [stream, { t, v }] of day.entries()) {
    const head = `thermometer,device=${deviceOf(stream)},sensor=air temperature=`;
    for (let from = 0; from < t.length; from += influxLines) {
      const times = Array.from(t.subarray(from, from + influxLines));
      const lines = times.map((timeUs, index) => `${head}${v[from + index]!} ${timeUs}`);
      await database.write(Buffer.from(lines.join('\n')));
    }
  }
}

/** SQLite with a row a reading, clustered by stream and time. */
export function sqliteRowStore(path: string, day: readonly DayOfReadings[]): FilePeerStore {
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
