import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openJournal } from '../../journal/src/index.ts';
import { measure, type BenchResult } from './bench-result.ts';

const recordBytes = 120;
const recordsPerSync = 10;
const syncs = 500;

/**
 * `journal-disk`: records of 120 bytes, made durable after each tenth, in the journal and in SQLite (WAL,
 * synchronous=FULL, one transaction a group): bytes sent to the disk a byte of payload, from `write_bytes`
 * of /proc/self/io.
 *
 * Caveats: what the file system writes for itself (its own journal, inodes) is not counted, on either side.
 * Needs a real file system: a tmpfs writes nothing.
 */
export async function runJournalDisk(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fieldline-bench-'));
  let run = 0;
  try {
    const result = await measure({
      name: 'journal-disk',
      unit: 'bytes written/byte of payload',
      runs: 3,
      ours: () => writtenByJournal(join(folder, `journal-${run++}`)),
      peer: { name: 'SQLite', measure: () => writtenBySqlite(join(folder, `sqlite-${run++}.db`)) },
    });
    return [result];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function writtenByJournal(directory: string): Promise<number> {
  const before = diskBytesWritten();
  const journal = await openJournal({ directory });
  const value = Buffer.alloc(recordBytes, 0x5a);
  for (let sync = 0; sync < syncs; sync += 1) {
    await Promise.all(Array.from({ length: recordsPerSync }, () => journal.append('greenhouse-1', value)));
  }
  await journal.close();
  return perPayloadByte(diskBytesWritten() - before);
}

function writtenBySqlite(path: string): number {
  const before = diskBytesWritten();
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  database.exec('CREATE TABLE record (id INTEGER PRIMARY KEY, device TEXT, value BLOB)');
  const insert = database.prepare('INSERT INTO record (device, value) VALUES (?, ?)');
  const value = Buffer.alloc(recordBytes, 0x5a);
  for (let sync = 0; sync < syncs; sync += 1) {
    database.exec('BEGIN');
    for (let record = 0; record < recordsPerSync; record += 1) insert.run('greenhouse-1', value);
    database.exec('COMMIT');
  }
  database.close();
  return perPayloadByte(diskBytesWritten() - before);
}

function perPayloadByte(bytes: number): number {
  return bytes / (recordBytes * recordsPerSync * syncs);
}

/** What this process has sent to block devices so far, bytes (proc(5)). */
function diskBytesWritten(): number {
  const match = /^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'));
  return Number(match?.[1] ?? Number.NaN);
}
