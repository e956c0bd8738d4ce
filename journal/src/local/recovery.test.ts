import { open, readdir, readFile, stat, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appendTexts, readTexts } from '../testing/record-texts.ts';
import { scratchDirectories } from '../testing/scratch-directory.ts';
import { watchedFiles } from '../testing/watched-files.ts';
import type { Journal } from '../journal.ts';
import { openJournal } from './open-journal.ts';
import { headerBytes } from './record.ts';

const scratch = scratchDirectories();
/** Key `device-1` and a text of ten characters. */
const recordBytes = headerBytes + 8 + 10;

function texts(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index}`.padStart(10, '0'));
}

async function segmentPaths(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => name.includes('.seg'));
  return names.sort().map((name) => join(directory, name));
}

async function filledJournal(
  count: number,
  segmentBytes?: number,
): Promise<{ directory: string; path: string }> {
  const directory = await scratch();
  const journal = await openJournal({ directory, ...(segmentBytes ? { segmentBytes } : {}) });
  for (const text of texts(count)) await appendTexts(journal, [text]);
  await journal.close();
  const [path = ''] = await segmentPaths(directory);
  return { directory, path };
}

async function damage(path: string, change: (bytes: Buffer) => unknown): Promise<void> {
  const bytes = await readFile(path);
  const changed = change(bytes);
  await writeFile(path, Buffer.isBuffer(changed) ? changed : bytes);
}

/** What can be read now, and goes on being readable after one more record and one more opening. */
async function survivors(directory: string): Promise<{ offsets: number[]; journal: Journal }> {
  const journal = await openJournal({ directory });
  const before = await readTexts(journal);
  for (const [offset, text] of before) expect(text).toBe(`${offset}`.padStart(10, '0'));
  const [next = -1] = await appendTexts(journal, ['later']);
  expect(next).toBeGreaterThan(before.at(-1)?.[0] ?? -1);
  await journal.close();
  const again = await openJournal({ directory });
  expect(again.recovery).toMatchObject({ discardedBytes: 0, discardedRecordsAtLeast: 0, tailTorn: false });
  expect(await readTexts(again)).toEqual([...before, [next, 'later']]);
  await again.close();
  return { offsets: before.map(([offset]) => offset), journal };
}

describe('recovery', () => {
  it('cuts a torn tail off at every length, keeps it in quarantine and says so', async () => {
    for (let cut = 1; cut < recordBytes; cut += 1) {
      const { directory, path } = await filledJournal(3);
      await truncate(path, 3 * recordBytes - cut);
      const { offsets, journal } = await survivors(directory);
      expect(offsets).toEqual([0, 1]);
      expect(journal.recovery).toMatchObject({
        tailTorn: true,
        discardedBytes: recordBytes - cut,
        discardedRecordsAtLeast: 1,
      });
      expect(journal.stats()).toMatchObject({ quarantinedRanges: 1, quarantinedBytes: recordBytes - cut });
      const [kept = ''] = await readdir(join(directory, 'quarantine'));
      expect((await stat(join(directory, 'quarantine', kept))).size).toBe(recordBytes - cut);
    }
  });

  it('passes over a record with any one byte damaged, and gives those around it their right offsets', async () => {
    for (let at = 0; at < recordBytes; at += 1) {
      const { directory, path } = await filledJournal(5);
      await damage(path, (bytes) => {
        bytes[2 * recordBytes + at]! ^= 0x41;
      });
      const { offsets, journal } = await survivors(directory);
      expect(offsets).toEqual([0, 1, 3, 4]);
      expect(journal.recovery).toMatchObject({
        tailTorn: false,
        discardedBytes: recordBytes,
        discardedRecordsAtLeast: 1,
      });
    }
  });

  it('finds damage in older segments when they are read, counts it once, and keeps the offsets right', async () => {
    const { directory } = await filledJournal(500, 4096);
    const paths = await segmentPaths(directory);
    expect(paths.length).toBeGreaterThan(3);
    await damage(paths[1] ?? '', (bytes) => bytes.fill(0xee, 100, 200));
    await truncate(paths[2] ?? '', 1000);
    const journal = await openJournal({ directory });
    expect(journal.recovery.discardedBytes).toBe(0);
    for (let round = 0; round < 2; round += 1) {
      const read = await readTexts(journal);
      for (const [offset, text] of read) expect(text).toBe(`${offset}`.padStart(10, '0'));
      expect(read.at(-1)?.[0]).toBe(499);
      expect(read.length).toBeLessThan(500 - 60);
      expect(journal.stats().quarantinedRanges).toBe(2);
    }
    await journal.close();
  });

  it('finds the records before a damaged end, also after looking behind it', async () => {
    const { directory } = await filledJournal(500, 4096);
    const [path = ''] = await segmentPaths(directory);
    await damage(path, (bytes) => bytes.fill(0, 2000));
    const journal = await openJournal({ directory });
    const offsets = (await readTexts(journal)).map(([offset]) => offset);
    const hole = offsets.findIndex((offset, index) => offset !== index);
    expect(hole).toBeGreaterThan(10);
    const [beyond] = await journal.read(hole, { maxBytes: 1 });
    expect(beyond?.offset).toBe(offsets[hole]);
    const [second] = await journal.read(1, { maxBytes: 1 });
    expect(second?.offset).toBe(1);
    await journal.close();
  });

  it('reads on where an older segment has gone altogether', async () => {
    const { directory } = await filledJournal(500, 4096);
    const journal = await openJournal({ directory });
    const paths = await segmentPaths(directory);
    await truncate(paths[0] ?? '', 0);
    await unlink(paths[1] ?? '');
    const read = await readTexts(journal);
    expect(read.at(-1)?.[0]).toBe(499);
    expect(read.length).toBeGreaterThan(200);
    await journal.close();
  });

  it('takes a file full of nonsense, of zeroes, or an empty one', async () => {
    for (const fill of [() => Buffer.alloc(5000, 0xa5), () => Buffer.alloc(5000), () => Buffer.alloc(0)]) {
      const { directory, path } = await filledJournal(5);
      await damage(path, fill);
      const { offsets, journal } = await survivors(directory);
      expect(offsets).toEqual([]);
      // Of what may have been there, no offset is given out twice.
      if (fill().length > 0) expect(journal.nextOffset).toBeGreaterThan(5);
    }
  });

  it('never takes a record for real that a payload carries', async () => {
    const { path } = await filledJournal(1);
    const forged = await readFile(path);
    const directory = await scratch();
    const journal = await openJournal({ directory });
    await journal.append('attacker', Buffer.concat([forged, forged]));
    await journal.close();
    const [victim = ''] = await segmentPaths(directory);
    await damage(victim, (bytes) => {
      bytes[4]! ^= 1;
    });
    const { offsets } = await survivors(directory);
    expect(offsets).toEqual([]);
  });

  it('tells of a tail that is gone without a trace where a cursor had passed it', async () => {
    const { directory, path } = await filledJournal(10);
    const journal = await openJournal({ directory });
    await journal.setCursor('sent', 9);
    await journal.close();
    await truncate(path, 6 * recordBytes);
    const { offsets, journal: recovered } = await survivors(directory);
    expect(offsets).toEqual([0, 1, 2, 3, 4, 5]);
    expect(recovered.recovery).toMatchObject({
      tailTorn: true,
      discardedBytes: 0,
      discardedRecordsAtLeast: 4,
    });
    expect(recovered.nextOffset).toBe(11);
  });

  it('gives no offset out again that its caller knows, though the whole directory is a new one', async () => {
    const directory = await scratch();
    let journal = await openJournal({ directory, offsetsFrom: 42 });
    expect(journal.recovery).toMatchObject({ tailTorn: true, discardedRecordsAtLeast: 42 });
    expect(await appendTexts(journal, ['first'])).toEqual([42]);
    await journal.close();
    journal = await openJournal({ directory, offsetsFrom: 42 });
    expect(journal.recovery).toMatchObject({ tailTorn: false, discardedRecordsAtLeast: 0 });
    expect(await readTexts(journal)).toEqual([[42, 'first']]);
    await journal.close();
  });

  it('lets a reader wait, and not spin, where offsets were left out at the end', async () => {
    const { directory, path } = await filledJournal(3);
    await truncate(path, 3 * recordBytes - 5);
    const journal = await openJournal({ directory });
    expect(journal.nextOffset).toBeGreaterThan(3);
    const waiting = journal.waitFor(2);
    const first = await Promise.race([
      waiting,
      new Promise((resolve) => setImmediate(resolve, 'still waiting')),
    ]);
    expect(first).toBe('still waiting');
    const [offset] = await appendTexts(journal, ['next']);
    expect(await waiting).toBe(true);
    expect(await readTexts(journal, 2)).toEqual([[offset, 'next']]);
    await journal.close();
  });

  it('keeps the cursors over a torn slot, and says when both are gone', async () => {
    const { directory } = await filledJournal(10);
    const first = await openJournal({ directory });
    for (const offset of [3, 4]) await first.setCursor('a', offset);
    await first.close();
    const cursors = join(directory, 'cursors');
    // The second write went to the first slot.
    await damage(cursors, (bytes) => bytes.fill(0xff, 0, 20));
    const second = await openJournal({ directory });
    expect(second.cursor('a')).toBe(3);
    expect(second.recovery.cursorsLost).toBe(false);
    await second.close();
    await damage(cursors, (bytes) => bytes.fill(0xff));
    const third = await openJournal({ directory });
    expect(third.cursor('a')).toBeUndefined();
    expect(third.recovery.cursorsLost).toBe(true);
    await third.close();
  });

  it('refuses segments of a newer format, and names the file', async () => {
    const { directory } = await filledJournal(1);
    const newer = join(directory, '00000000000000000009-0badcafe.seg2');
    await writeFile(newer, '');
    await expect(openJournal({ directory })).rejects.toMatchObject({
      code: 'JOURNAL_VERSION_UNKNOWN',
      subject: newer,
    });
  });

  it('names the directory that cannot be used', async () => {
    const file = join(await scratch(), 'file');
    await (await open(file, 'w')).close();
    await expect(openJournal({ directory: join(file, 'below') })).rejects.toMatchObject({
      code: 'JOURNAL_OPEN_FAILED',
      subject: join(file, 'below'),
    });
  });
});

describe('starting on a large log', () => {
  it('reads the last segment alone, however many there are', async () => {
    const directory = await scratch();
    const segmentBytes = 64 * 1024;
    const writing = await openJournal({ directory, segmentBytes });
    for (let index = 0; index < 300; index += 1) await writing.append('a', Buffer.alloc(segmentBytes, index));
    await appendTexts(writing, ['the last one']);
    expect(writing.stats().segments).toBe(301);
    await writing.close();

    let readBytes = 0;
    const files = watchedFiles({ read: (_, __, bytes) => (readBytes += bytes) });
    const journal = await openJournal({ directory, segmentBytes, files });
    expect(journal.nextOffset).toBe(301);
    // The last segment and the cursor file, where the log holds 19.7 MB.
    expect(readBytes).toBeLessThan(32 * 1024);
    expect(journal.recovery.scannedBytes).toBeLessThan(100);

    readBytes = 0;
    const [record] = await journal.read(299, { maxBytes: 1, maxRecords: 1 });
    expect(record?.value[0]).toBe(299 % 256);
    expect(readBytes).toBeLessThan(2 * segmentBytes);
    await journal.close();
  });

  it('reads from the middle of a segment without walking it from its start again', async () => {
    const directory = await scratch();
    const journal = await openJournal({ directory });
    for (let round = 0; round < 40; round += 1) {
      await appendTexts(
        journal,
        Array.from({ length: 100 }, () => 'x'.repeat(1000)),
      );
    }
    await journal.close();
    let readBytes = 0;
    const files = watchedFiles({ read: (_, __, bytes) => (readBytes += bytes) });
    const again = await openJournal({ directory, files });
    for (const offset of [3990, 2000, 17]) {
      readBytes = 0;
      const [record] = await again.read(offset, { maxBytes: 1 });
      expect(record?.offset).toBe(offset);
      expect(readBytes).toBeLessThan(150_000);
    }
    await again.close();
  });
});
