import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '../../journal/src/index.ts';
import { measure, type BenchResult } from './bench-result.ts';

const recordBytes = 4096;
const groupRecords = 100;
/** Length of each side of a run, milliseconds. */
const sideMs = 1000;

/**
 * `journal-append`: records of 4 KB appended in groups of 100 to the journal, each group awaited, beside a
 * bare loop that writes the same payload bytes and calls fdatasync, in turns on the same file system.
 *
 * Caveats: both wait for the disk most of the time, so a loaded machine moves both; the bare loop writes no
 * headers, computes no checksums and never begins a new file. A second result has two groups under way, as
 * when many devices send: then checksums are computed while the disk works.
 */
export async function runJournalAppend(): Promise<BenchResult[]> {
  return [
    await compareAppends('journal-append', groupRecords),
    await compareAppends('journal-append: two groups under way', 2 * groupRecords),
  ];
}

async function compareAppends(name: string, underWay: number): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'fieldline-bench-'));
  let run = 0;
  try {
    return await measure({
      name,
      unit: 'appends/s',
      runs: 5,
      ours: () => appendsPerSec(join(folder, `journal-${run++}`), underWay),
      peer: {
        name: 'write and fdatasync of the same bytes',
        measure: () => bareWritesPerSec(join(folder, `bare-${run++}`)),
      },
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** `underWay` records at once, in groups that are each awaited before their next. */
async function appendsPerSec(directory: string, underWay: number): Promise<number> {
  const journal = await openJournal({ directory, segmentBytes: 64 * 1024 * 1024 });
  const value = Buffer.alloc(recordBytes, 0x5a);
  const groups = underWay / groupRecords;
  const append = async (): Promise<void> => {
    await Promise.all(Array.from({ length: groupRecords }, () => journal.append('greenhouse-1', value)));
  };
  const rates = await Promise.all(Array.from({ length: groups }, () => recordsPerSec(append)));
  await journal.close();
  return rates.reduce((sum, rate) => sum + rate, 0);
}

async function bareWritesPerSec(path: string): Promise<number> {
  const file = await open(path, 'w');
  const bytes = Buffer.alloc(recordBytes * groupRecords, 0x5a);
  const rate = await recordsPerSec(async () => {
    await file.write(bytes);
    await file.datasync();
  });
  await file.close();
  return rate;
}

async function recordsPerSec(group: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  let records = 0;
  while (performance.now() - startedMs < sideMs) {
    await group();
    records += groupRecords;
  }
  return records / ((performance.now() - startedMs) / 1000);
}
