import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { benchResult, type BenchResult } from './bench-result.ts';
import { DeviceFeed } from './device-feed.ts';

const flushes = 120;
const adcRate = 10_000;
const runs = 3;

/**
 * `edge-disk`: bytes that go to the disk for each byte of payload, at a flush a second with the usual load (an ADC of
 * 10 kS/s, a GNSS receiver of 10 fixes a second, four thermometers). Ours is the agent's outbox, with the open windows
 * that it keeps beside each batch; the peer is SQLite (WAL, synchronous=FULL), which keeps the same batches,
 * without open windows, one transaction each. Payload is what goes over the wire.
 *
 * Caveats: from `write_bytes` of /proc/self/io, so what the file system writes for itself (its own journal, inodes)
 * is not counted, on either side. Needs a real file system: a tmpfs writes nothing.
 */
export async function runEdgeDisk(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldline-bench-'));
  const ours: number[] = [];
  const theirs: number[] = [];
  try {
    for (let run = 0; run < runs; run++) {
      const { payloads, perByte } = await writtenByOutbox(join(folder, `run-${run}`));
      ours.push(perByte);
      theirs.push(writtenBySqlite(join(folder, `sqlite-${run}.db`), payloads));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const unit = 'bytes written/byte of payload';
  return [benchResult({ name: 'edge-disk', unit, ours, peer: { name: 'SQLite', values: theirs } })];
}

async function writtenByOutbox(
  folder: string,
): Promise<{ payloads: readonly Uint8Array[]; perByte: number }> {
  mkdirSync(folder);
  const feed = await DeviceFeed.open({ folder, device: 'lab-1', startMs: Date.UTC(2026, 5, 1), adcRate });
  const before = diskBytesWritten();
  for (let flush = 0; flush < flushes; flush++) {
    await feed.passSecond();
    await feed.flush();
  }
  const bytes = diskBytesWritten() - before;
  const payloads: Uint8Array[] = [];
  for (let next = 0; ;) {
    const sealed = await feed.outbox.nextWaiting(next, Number.POSITIVE_INFINITY);
    if (sealed === undefined) break;
    payloads.push(sealed.payload);
    next = sealed.offset + 1;
  }
  await feed.close();
  return { payloads, perByte: bytes / totalBytes(payloads) };
}

function writtenBySqlite(path: string, payloads: readonly Uint8Array[]): number {
  const before = diskBytesWritten();
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  database.exec('CREATE TABLE batch (seq INTEGER PRIMARY KEY, payload BLOB)');
  const insert = database.prepare('INSERT INTO batch (payload) VALUES (?)');
  for (const payload of payloads) insert.run(payload);
  database.close();
  return (diskBytesWritten() - before) / totalBytes(payloads);
}

function totalBytes(payloads: readonly Uint8Array[]): number {
  return payloads.reduce((sum, payload) => sum + payload.length, 0);
}

/** What this process has sent to block devices so far, bytes (proc(5)). */
function diskBytesWritten(): number {
  const match = /^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'));
  return Number(match?.[1] ?? Number.NaN);
}
