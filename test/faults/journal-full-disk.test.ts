import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openJournal, type Journal } from '../../journal/src/index.ts';

const mountPoint = mkdtempSync(join(tmpdir(), 'fieldline-journal-full-'));
const isMounted = mountSmallDisk();

afterAll(() => {
  if (isMounted) execFileSync('umount', [mountPoint]);
  rmSync(mountPoint, { recursive: true });
});

/** A file system of 1 MiB; only root may mount one. */
function mountSmallDisk(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mountPoint], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Appends until the disk refuses; answers the offsets given, and the error. */
async function fillUp(journal: Journal): Promise<{ offsets: number[]; error: unknown }> {
  const offsets: number[] = [];
  for (;;) {
    try {
      offsets.push(await journal.append('device-1', Buffer.alloc(3000, offsets.length)));
    } catch (error) {
      return { offsets, error };
    }
  }
}

async function offsetsOf(journal: Journal): Promise<number[]> {
  const records = await journal.read(0, { maxBytes: Number.MAX_SAFE_INTEGER });
  return records.map(({ offset }) => offset);
}

describe('a journal on a disk that is really full (needs root for the mount)', () => {
  it.skipIf(!isMounted)('refuses, opens again, can be drained, and goes on', async () => {
    const directory = join(mountPoint, 'journal');
    const segmentBytes = 64 * 1024;
    let journal = await openJournal({ directory, segmentBytes });
    const { offsets, error } = await fillUp(journal);
    expect(error).toMatchObject({ code: 'JOURNAL_WRITE_FAILED', subject: directory });
    expect(String(error)).toContain('ENOSPC');
    expect(await offsetsOf(journal)).toEqual(offsets);
    // Not a byte is left for anybody.
    expect(() => writeFileSync(join(mountPoint, 'filler'), Buffer.alloc(1024 * 1024))).toThrow('ENOSPC');
    await journal.close();

    journal = await openJournal({ directory, segmentBytes });
    expect(await offsetsOf(journal)).toEqual(offsets);
    await journal.setCursor('sent', 100);
    expect(journal.cursor('sent')).toBe(100);
    await journal.trim(100);
    expect(await journal.append('device-1', Buffer.alloc(3000))).toBe(offsets.length);
    await journal.close();
  });
});
