import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '../../journal/src/index.ts';
import { describeJournal, type JournalBackend } from './journal-suite.ts';

/** A folder of its own under the system's temporary one. */
async function localBackend(segmentBytes: number): Promise<JournalBackend> {
  const directory = await mkdtemp(join(tmpdir(), 'fieldline-journal-'));
  return {
    open: (options = {}) => openJournal({ directory, segmentBytes, ...options }),
    destroy: () => rm(directory, { recursive: true }),
  };
}

describeJournal('local files', () => localBackend(16 * 1024 * 1024));
describeJournal('local files, small segments', () => localBackend(4096));
