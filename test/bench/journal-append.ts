import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '../../journal/src/index.ts';

const recordBytes = 4096;
const groupRecords = 100;
const runs = 5;
/** Length of each side of a run, milliseconds. */
const sideMs = 1000;

/** Appends a second, of the journal and of the bare loop, one pair a run. */
export interface AppendRates {
  readonly ours: number[];
  readonly peer: number[];
}

/**
 * Records of 4 KB appended in groups of 100 to the journal, each group awaited, beside a bare loop that
 * writes the same payload bytes and calls fdatasync, in turns on the same file system.
 *
 * Caveats: both wait for the disk most of the time, so a loaded machine moves both; the bare loop writes no
 * headers, keeps no checksums and never begins a new file.
 */
export async function measureJournalAppend(directory = tmpdir()): Promise<AppendRates> {
  const folder = await mkdtemp(join(directory, 'fieldline-bench-'));
  const rates: AppendRates = { ours: [], peer: [] };
  try {
    for (let run = 0; run < runs; run += 1) {
      rates.ours.push(await appendsPerSec(join(folder, `journal-${run}`)));
      rates.peer.push(await bareWritesPerSec(join(folder, `bare-${run}`)));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return rates;
}

async function appendsPerSec(directory: string): Promise<number> {
  const journal = await openJournal({ directory, segmentBytes: 64 * 1024 * 1024 });
  const value = Buffer.alloc(recordBytes, 0x5a);
  const rate = await perSecond(async () => {
    await Promise.all(Array.from({ length: groupRecords }, () => journal.append('greenhouse-1', value)));
  });
  await journal.close();
  return rate;
}

async function bareWritesPerSec(path: string): Promise<number> {
  const file = await open(path, 'w');
  const bytes = Buffer.alloc(recordBytes * groupRecords, 0x5a);
  const rate = await perSecond(async () => {
    await file.write(bytes);
    await file.datasync();
  });
  await file.close();
  return rate;
}

async function perSecond(group: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  let records = 0;
  while (performance.now() - startedMs < sideMs) {
    await group();
    records += groupRecords;
  }
  return records / ((performance.now() - startedMs) / 1000);
}
