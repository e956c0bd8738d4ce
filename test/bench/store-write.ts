import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openJournal } from '../../journal/src/index.ts';
import { encodeBatch } from '../../protocol/src/index.ts';
import { BatchLog } from '../../gateway/src/journal/batch-log.ts';
import { EmbeddedStore } from '../../gateway/src/sinks/embedded/embedded-store.ts';
import { defaultWriteLimit } from '../../gateway/src/sinks/sink-runner.ts';
import { measure, type BenchResult } from './bench-result.ts';
import { dayAsBatches, yardstickDay, type DayOfReadings } from './store-data.ts';

const streams = 100;
/** Readings of a stream: 2 million in all. */
const readings = 20_000;
const perBatch = 100;

/**
 * `gateway-batch-embedded`: batches of 100 readings, journaled before the clock starts, read from the journal, decoded and
 * written to the embedded store as its runner does, to the last commit, merging of blocks included; beside plain rows
 * of SQLite in transactions of the same readings, which are decoded already.
 *
 * Caveats: the rows are spared reading and decoding. The journal's files are in the memory of the operating system.
 */
export async function runStoreWrite(): Promise<BenchResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldline-bench-write-'));
  const day = yardstickDay(streams, readings);
  const journal = await openJournal({ directory: join(folder, 'journal') });
  for (const { batch } of dayAsBatches(day, perBatch)) await journal.append(batch.device, encodeBatch(batch));
  let run = 0;
  try {
    const result = await measure({
      name: 'gateway-batch-embedded',
      unit: 'readings/s',
      runs: 5,
      ours: () =>
        storedPerSec(new BatchLog(journal, { inflatedBytes: 8e6 }), join(folder, `store-${run++}.db`)),
      peer: {
        name: 'SQLite, one row a reading, decoded already',
        measure: () => rowsPerSec(join(folder, `rows-${run++}.db`), day),
      },
    });
    return [result];
  } finally {
    await journal.close();
    await rm(folder, { recursive: true });
  }
}

async function storedPerSec(log: BatchLog, path: string): Promise<number> {
  const store = new EmbeddedStore({ path, nowUs: () => Date.now() * 1000 });
  await store.open();
  const startedMs = performance.now();
  for (let offset = 0; offset < log.nextOffset;) {
    const entries = await log.read(offset, defaultWriteLimit);
    const outcome = await store.write(entries);
    if (outcome.kind !== 'stored') throw new Error(`not stored: ${outcome.kind}`);
    offset = (entries.at(-1)?.offset ?? log.nextOffset) + 1;
  }
  const tookMs = performance.now() - startedMs;
  let stored = 0;
  for (const count of (await store.counts()).values()) stored += count;
  await store.close();
  if (stored !== streams * readings) throw new Error(`${stored} readings are stored`);
  return (stored * 1000) / tookMs;
}

function rowsPerSec(path: string, day: readonly DayOfReadings[]): number {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE reading (stream INTEGER, t INTEGER, n INTEGER, v REAL, PRIMARY KEY (stream, t, n)) WITHOUT ROWID`);
  const insert = database.prepare('INSERT INTO reading VALUES (?, ?, 0, ?)');
  const startedMs = performance.now();
  for (let from = 0; from < readings; from += 40 * perBatch) {
    database.exec('BEGIN');
    for (const [stream, { t, v }] of day.entries()) {
      const to = Math.min(from + 40 * perBatch, readings);
      for (let index = from; index < to; index++) insert.run(stream, t[index]!, v[index]!);
    }
    database.exec('COMMIT');
  }
  const tookMs = performance.now() - startedMs;
  database.close();
  return (streams * readings * 1000) / tookMs;
}
