import { setImmediate } from 'node:timers/promises';
import type { Journal, JournalRecord } from '@fieldline/journal';
import { FieldlineError } from '@fieldline/protocol';

/** Failures of the system that a person has to mend and that must not stop the sampling. */
const diskFailures: ReadonlySet<unknown> = new Set(['EROFS', 'ENOSPC', 'EDQUOT', 'EIO']);

/** Whether a journal could not be opened because its disk is full, read-only or broken. */
export function isDiskFailure(error: unknown): boolean {
  if (!(error instanceof FieldlineError) || error.code !== 'JOURNAL_OPEN_FAILED') return false;
  const { cause } = error;
  return typeof cause === 'object' && cause !== null && 'code' in cause && diskFailures.has(cause.code);
}

/** In the place of a journal that cannot be opened: it holds nothing, and every append fails. */
export function unwritableJournal(directory: string): Journal {
  const fail = async (): Promise<never> => {
    await setImmediate();
    throw new FieldlineError('JOURNAL_WRITE_FAILED', { subject: directory, detail: 'It is not open.' });
  };
  const none = (): Promise<void> => Promise.resolve();
  const journal: Journal = {
    append: fail,
    appendFor: (receiver) => void fail().catch((cause: unknown) => receiver.failed(cause)),
    setCursor: fail,
    removeCursor: fail,
    read: (): Promise<JournalRecord[]> => Promise.resolve([]),
    waitFor: (_offset, signal) => aborted(signal),
    firstOffset: 0,
    nextOffset: 0,
    cursor: () => undefined,
    trim: none,
    recovery: {
      closedCleanly: true,
      discardedBytes: 0,
      discardedRecordsAtLeast: 0,
      tailTorn: false,
      cursorsLost: false,
      scannedBytes: 0,
    },
    stats: () => ({
      sizeBytes: 0,
      segments: 0,
      appends: 0,
      syncs: 0,
      bytesWritten: 0,
      quarantinedBytes: 0,
      quarantinedRanges: 0,
      recordsDroppedUnread: 0,
    }),
    close: none,
  };
  unwritable.add(journal);
  return journal;
}

const unwritable = new WeakSet<Journal>();

/** Whether it stands in the place of a journal that could not be opened. */
export function isUnwritable(journal: Journal): boolean {
  return unwritable.has(journal);
}

function aborted(signal: AbortSignal | undefined): Promise<false> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve(false);
    signal?.addEventListener('abort', () => resolve(false), { once: true });
  });
}
