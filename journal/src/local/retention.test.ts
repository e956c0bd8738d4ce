import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { appendTexts, readTexts } from '../testing/record-texts.ts';
import { scratchDirectories } from '../testing/scratch-directory.ts';
import type { Journal } from '../journal.ts';
import { openJournal } from './open-journal.ts';

const scratch = scratchDirectories();

/** Appends records of 1 KB one by one, so that a segment of 4 KB holds four. */
async function fill(journal: Journal, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await appendTexts(journal, ['x'.repeat(1000)]);
}

describe('retention', () => {
  it('by bytes drops the oldest segments, files and all, and counts what nobody had read', async () => {
    const directory = await scratch();
    const journal = await openJournal({ directory, segmentBytes: 4096, retention: { bytes: 40_000 } });
    await fill(journal, 20);
    await journal.setCursor('reader', 10);
    await fill(journal, 80);
    const { sizeBytes, segments, recordsDroppedUnread } = journal.stats();
    expect(sizeBytes).toBeLessThanOrEqual(40_000);
    expect(sizeBytes).toBeGreaterThan(30_000);
    expect((await readdir(directory)).filter((name) => name.includes('.seg'))).toHaveLength(segments);
    expect(recordsDroppedUnread).toBe(journal.firstOffset - 10);
    const [first] = await readTexts(journal);
    expect(first?.[0]).toBe(journal.firstOffset);
    await journal.close();
  });

  it('by age drops whole segments once all in them is too old, also after a reopening', async () => {
    const directory = await scratch();
    const hourUs = 3_600_000_000;
    let nowUs = 1_792_000_000_000_000;
    const now = (): number => nowUs;
    const options = { directory, segmentBytes: 4096, retention: { ageUs: hourUs }, now };
    let journal = await openJournal(options);
    await fill(journal, 10);
    await journal.close();
    journal = await openJournal(options);
    nowUs += hourUs / 2;
    await fill(journal, 10);
    expect(journal.firstOffset).toBe(0);
    nowUs += hourUs / 2 + 1;
    await fill(journal, 1);
    const texts = await readTexts(journal);
    expect(journal.firstOffset).toBeGreaterThan(6);
    expect(journal.firstOffset).toBeLessThanOrEqual(10);
    expect(texts).toHaveLength(21 - journal.firstOffset);
    await journal.close();
  });

  it('by age keeps what a cursor has not passed: a clock that is set right must not cost a record', async () => {
    const directory = await scratch();
    let nowUs = 0;
    const options = { directory, segmentBytes: 4096, retention: { ageUs: 3_600_000_000 }, now: () => nowUs };
    const journal = await openJournal(options);
    await fill(journal, 20);
    await journal.setCursor('reader', 9);
    nowUs = 1_792_000_000_000_000;
    await fill(journal, 20);
    expect(journal.firstOffset).toBeGreaterThan(0);
    expect(journal.firstOffset).toBeLessThanOrEqual(9);
    expect(journal.stats().recordsDroppedUnread).toBe(0);
    await journal.close();
  });

  it('counts nothing as unread that every cursor had passed', async () => {
    const directory = await scratch();
    const journal = await openJournal({ directory, segmentBytes: 4096, retention: { bytes: 40_000 } });
    for (let round = 0; round < 20; round += 1) {
      await fill(journal, 5);
      await journal.setCursor('reader', journal.nextOffset);
    }
    expect(journal.firstOffset).toBeGreaterThan(0);
    expect(journal.stats().recordsDroppedUnread).toBe(0);
    await journal.close();
  });

  it('trims whole segments below an offset, and never the one that is written to', async () => {
    const directory = await scratch();
    const journal = await openJournal({ directory, segmentBytes: 4096 });
    await fill(journal, 40);
    await journal.trim(17);
    expect(journal.firstOffset).toBe(16);
    await journal.trim(40);
    expect(journal.stats().segments).toBe(1);
    expect(await journal.append('a', Buffer.from('on'))).toBe(40);
    expect(journal.stats().recordsDroppedUnread).toBe(0);
    await journal.close();
  });

  it('lets readers go on while segments disappear under them', async () => {
    const directory = await scratch();
    const journal = await openJournal({ directory, segmentBytes: 4096 });
    await fill(journal, 100);
    const reading = readTexts(journal);
    await journal.trim(90);
    const offsets = (await reading).map(([offset]) => offset);
    expect(offsets.at(-1)).toBe(99);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    await journal.close();
  });
});
