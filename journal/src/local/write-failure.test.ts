import { describe, expect, it } from 'vitest';
import { appendTexts, readTexts } from '../testing/record-texts.ts';
import { scratchDirectories } from '../testing/scratch-directory.ts';
import { systemError, watchedFiles, type FileHooks } from '../testing/watched-files.ts';
import { openJournal } from './open-journal.ts';

const scratch = scratchDirectories();
const isSegment = (name: string): boolean => name.includes('.seg');

describe('a disk that refuses', () => {
  it.each([0, 1, 31, 45])('keeps nothing of a group that was cut off after %i bytes', async (allowed) => {
    const directory = await scratch();
    const hooks: FileHooks = {};
    const journal = await openJournal({ directory, files: watchedFiles(hooks) });
    await appendTexts(journal, ['kept 1', 'kept 2']);
    let left = allowed;
    hooks.write = (name, bytes) => {
      if (!isSegment(name)) return undefined;
      const now = Math.min(left, bytes);
      left -= now;
      return now;
    };
    const outcomes = await Promise.allSettled(
      ['lost 1', 'lost 2'].map((t) => journal.append('a', Buffer.from(t))),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(outcomes[0]).toMatchObject({ reason: { code: 'JOURNAL_WRITE_FAILED', subject: directory } });
    expect(await readTexts(journal)).toEqual([
      [0, 'kept 1'],
      [1, 'kept 2'],
    ]);
    delete hooks.write;
    expect(await appendTexts(journal, ['kept 3'])).toEqual([2]);
    await journal.close();
    const again = await openJournal({ directory });
    expect(again.recovery).toMatchObject({ discardedBytes: 0, tailTorn: false, closedCleanly: true });
    expect(await readTexts(again)).toEqual([
      [0, 'kept 1'],
      [1, 'kept 2'],
      [2, 'kept 3'],
    ]);
    await again.close();
  });

  it('begins a new segment after a failed sync, and shows nothing of the rejected group, ever', async () => {
    const directory = await scratch();
    const hooks: FileHooks = {};
    const journal = await openJournal({ directory, files: watchedFiles(hooks) });
    await appendTexts(journal, ['kept 1']);
    let failures = 1;
    hooks.datasync = (name) => {
      if (isSegment(name) && failures-- > 0) throw systemError('EIO');
    };
    await expect(journal.append('a', Buffer.from('lost'))).rejects.toMatchObject({
      code: 'JOURNAL_WRITE_FAILED',
    });
    expect(await appendTexts(journal, ['kept 2'])).toEqual([1]);
    expect(journal.stats().segments).toBe(2);
    await journal.close();
    const again = await openJournal({ directory });
    expect(await readTexts(again)).toEqual([
      [0, 'kept 1'],
      [1, 'kept 2'],
    ]);
    await again.close();
  });

  it('cuts the rejected group off later where the disk refuses even that', async () => {
    const directory = await scratch();
    const hooks: FileHooks = {};
    const journal = await openJournal({ directory, files: watchedFiles(hooks) });
    await appendTexts(journal, ['kept 1']);
    const refuse = (name: string): void => {
      if (isSegment(name)) throw systemError('EROFS');
    };
    hooks.datasync = refuse;
    hooks.truncate = refuse;
    for (const text of ['lost 1', 'lost 2']) {
      await expect(journal.append('a', Buffer.from(text))).rejects.toMatchObject({
        code: 'JOURNAL_WRITE_FAILED',
      });
    }
    expect(await readTexts(journal)).toEqual([[0, 'kept 1']]);
    delete hooks.datasync;
    delete hooks.truncate;
    expect(await appendTexts(journal, ['kept 2'])).toEqual([1]);
    await journal.close();
    const again = await openJournal({ directory });
    expect(await readTexts(again)).toEqual([
      [0, 'kept 1'],
      [1, 'kept 2'],
    ]);
    await again.close();
  });

  it('refuses appends while no new segment can be made, and goes on when it can', async () => {
    const directory = await scratch();
    const hooks: FileHooks = {};
    const journal = await openJournal({ directory, segmentBytes: 4096, files: watchedFiles(hooks) });
    await appendTexts(journal, ['x'.repeat(5000)]);
    hooks.create = () => {
      throw systemError('ENOSPC');
    };
    await expect(journal.append('a', Buffer.from('lost'))).rejects.toMatchObject({
      code: 'JOURNAL_WRITE_FAILED',
    });
    delete hooks.create;
    expect(await appendTexts(journal, ['kept'])).toEqual([1]);
    expect(journal.stats().segments).toBe(2);
    await journal.close();
  });

  it('rejects a cursor that could not be written, and keeps the one before', async () => {
    const directory = await scratch();
    const hooks: FileHooks = {};
    const journal = await openJournal({ directory, files: watchedFiles(hooks) });
    await journal.setCursor('a', 1);
    hooks.datasync = () => {
      throw systemError('EIO');
    };
    await expect(journal.setCursor('a', 2)).rejects.toMatchObject({ code: 'JOURNAL_WRITE_FAILED' });
    expect(journal.cursor('a')).toBe(1);
    delete hooks.datasync;
    await journal.setCursor('b', 3);
    await journal.close();
  });

  it('refuses more than it may hold in memory, and takes it later', async () => {
    const directory = await scratch();
    const journal = await openJournal({ directory });
    const value = Buffer.alloc(30 * 1024 * 1024);
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => journal.append('a', value)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(outcomes[2]).toMatchObject({ reason: { code: 'JOURNAL_OVERLOADED' } });
    expect(await journal.append('a', value)).toBe(2);
    await journal.close();
  });

  it('passes over a block that the disk cannot read, and gives the records around it', async () => {
    const directory = await scratch();
    const hooks: FileHooks = {};
    const journal = await openJournal({ directory, files: watchedFiles(hooks) });
    const texts = Array.from({ length: 200 }, (_, index) => `${index}`.padEnd(100, '.'));
    await appendTexts(journal, texts);
    hooks.read = (name, position, bytes) => {
      if (isSegment(name) && position < 12_288 && position + bytes > 8192) throw systemError('EIO');
    };
    const offsets = (await readTexts(journal)).map(([offset]) => offset);
    expect(offsets.length).toBeGreaterThan(160);
    expect(offsets.length).toBeLessThan(200);
    expect(offsets.at(-1)).toBe(199);
    expect(journal.stats().quarantinedRanges).toBe(1);
    await journal.close();
  });
});
