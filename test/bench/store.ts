import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SeriesRequest } from '../../gateway/src/query/store.ts';
import type { JournaledBatch } from '../../gateway/src/journal/batch-log.ts';
import { EmbeddedStore } from '../../gateway/src/sinks/embedded/embedded-store.ts';
import { influxdProgram } from '../services/influxd.ts';
import { benchResult, type BenchResult } from './bench-result.ts';
import { dayAsBatches, deviceOf, yardstickDay, type DayOfReadings } from './store-data.ts';
import { withInfluxd } from './gateway/sides.ts';
import { duckdbStore, influxStore, sqliteRowStore, type PeerStore } from './store-peers.ts';

const streams = 100;
const readings = 86_400;
const minuteUs = 60_000_000;
const runs = 7;
/** Batches of one write: what the runner of a sink reads from the journal at once, about. */
const batchesPerWrite = 4000;

/**
 * `store`: a day of 100 streams at 1 Hz (8.64 million readings of the yardstick series) asked for count, mean, min and max of
 * each minute, without rollups, beside DuckDB on the same rows in the same run; then the same from rollups, and the
 * bytes that a reading takes on disk. Further results have plain rows of SQLite as their peer, and InfluxDB where it is installed.
 *
 * Caveats: both answer from files that the operating system holds in memory; DuckDB's result stays in its own memory, ours
 * arrives as columns in JavaScript. Ours is asked stream by stream, as the API does, on two threads; DuckDB uses all.
 */
export async function runStore(): Promise<BenchResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldline-bench-store-'));
  try {
    return await compareStores(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function compareStores(folder: string): Promise<BenchResult[]> {
  const day = yardstickDay(streams, readings);
  const ours = await embeddedStore(join(folder, 'store.db'), day);
  const duckdb = await duckdbStore(join(folder, 'duck.db'), day);
  const duckdbPeer = { name: 'DuckDB, one table of rows', store: duckdb };
  const results = [
    await compareAnswers('store', () => ask(ours, day, true), duckdbPeer),
    await compareAnswers('store: from rollups', () => ask(ours, day, false), duckdbPeer),
  ];
  const duckdbBytes = [(await duckdb.sizeBytes()) / (streams * readings)];
  duckdb.close();
  const rows = sqliteRowStore(join(folder, 'rows.db'), day);
  const rowsPeer = { name: 'SQLite, one row a reading', store: rows };
  results.push(await compareAnswers('store: beside rows', () => ask(ours, day, true), rowsPeer, 3));
  const rowBytes = [(await rows.sizeBytes()) / (streams * readings)];
  rows.close();
  if (!influxdProgram.missing) results.push(await besideInflux(ours, day));
  // Closed, so that nothing of it is in the write-ahead log; rollups are counted too.
  await ours.close();
  const bytes = [(await sizeBytes(folder)) / (streams * readings)];
  results.push(
    benchResult({ name: 'store: on disk', unit: 'bytes/reading', ours: bytes, peer: { name: 'DuckDB', values: duckdbBytes } }), // prettier-ignore
    benchResult({ name: 'store: on disk beside rows', unit: 'bytes/reading', ours: bytes, peer: { name: rowsPeer.name, values: rowBytes } }), // prettier-ignore
  );
  return results;
}

async function besideInflux(ours: EmbeddedStore, day: readonly DayOfReadings[]): Promise<BenchResult> {
  return await withInfluxd(async (influxd) => {
    const peer = { name: 'InfluxDB 1.x, asked over HTTP', store: await influxStore(influxd, day) };
    return await compareAnswers('store: beside InfluxDB', () => ask(ours, day, true), peer, 3);
  });
}

async function compareAnswers(
  name: string,
  own: () => Promise<number>,
  peer: { readonly name: string; readonly store: PeerStore },
  times = runs,
): Promise<BenchResult> {
  const ours: number[] = [];
  const values: number[] = [];
  await own();
  await peer.store.ask();
  for (let run = 0; run < times; run++) {
    ours.push(await timed(own));
    values.push(await timed(() => peer.store.ask()));
  }
  const packages = ['@duckdb/node-api'];
  return benchResult({ name, unit: 'ms', ours, peer: { name: peer.name, values }, packages });
}

/** Milliseconds of one question; throws where it was not answered whole. */
async function timed(question: () => Promise<number>): Promise<number> {
  const startedMs = performance.now();
  const buckets = await question();
  const tookMs = performance.now() - startedMs;
  if (buckets < streams * (readings / 60)) throw new Error(`${buckets} buckets are too few`);
  return tookMs;
}

/** All streams, each minute; answers the number of buckets. */
async function ask(store: EmbeddedStore, day: readonly DayOfReadings[], exact: boolean): Promise<number> {
  const fromUs = Math.floor((day[0]?.t[0] ?? 0) / minuteUs) * minuteUs;
  const toUs = fromUs + (readings / 60 + 2) * minuteUs;
  const range = { fromUs, toUs, points: (toUs - fromUs) / minuteUs, quantiles: false, exact };
  const answers = await Promise.all(day.map((_, stream) => store.query(requestOf(stream, range))));
  let buckets = 0;
  for (const answer of answers) {
    if (!answer.ok || answer.value.windowUs !== minuteUs) throw new Error('a stream was not answered');
    buckets += answer.value.columns.t.length;
  }
  return buckets;
}

function requestOf(stream: number, range: Omit<SeriesRequest, 'streams'>): SeriesRequest {
  return { ...range, streams: [{ device: deviceOf(stream), sensor: 'air', quantity: 'temperature' }] };
}

async function embeddedStore(path: string, day: readonly DayOfReadings[]): Promise<EmbeddedStore> {
  const store = new EmbeddedStore({ path, nowUs: () => Date.now() * 1000 });
  await store.open();
  let waiting: JournaledBatch[] = [];
  for (const batch of dayAsBatches(day, 100)) {
    waiting.push(batch);
    if (waiting.length < batchesPerWrite) continue;
    await store.write(waiting);
    waiting = [];
  }
  await store.write(waiting);
  await store.tidy();
  return store;
}

async function sizeBytes(folder: string): Promise<number> {
  return (await stat(join(folder, 'store.db'))).size;
}
