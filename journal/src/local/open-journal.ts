import { FieldlineError } from '@fieldline/protocol';
import type { Journal } from '../journal.ts';
import { CursorFile } from './cursor-file.ts';
import { lockDirectory, type DirectoryLock } from './directory-lock.ts';
import { describeCause } from './error-code.ts';
import { realFiles, type FileAccess } from './file-access.ts';
import { retainedSegmentsMin, segmentBytesDefault, segmentBytesMin } from './limits.ts';
import { LocalJournal } from './local-journal.ts';
import { makeDirectory } from './make-directory.ts';
import { recoverLog } from './recovery.ts';
import { RetentionRunner, type Retention } from './retention.ts';
import { SegmentWriter } from './segment-writer.ts';

/** How a journal is kept. */
export interface OpenJournalOptions {
  /** Folder of its own, created if missing. */
  readonly directory: string;
  /** Size at which the next segment is begun, bytes; default 16 MiB, less where `retention.bytes` is small. */
  readonly segmentBytes?: number;
  /** Default: everything is kept. */
  readonly retention?: Retention;
  /**
   * No offset below this is given out: what the caller has seen of this journal, should the directory have
   * lost it. `recovery` then tells how many records are gone.
   */
  readonly offsetsFrom?: number;
  /** The clock of `appendedAtUs` and of retention by age, microseconds UTC. */
  readonly now?: () => number;
  /** The disk; tests put a failing one here. */
  readonly files?: FileAccess;
}

/**
 * Opens the journal in a directory, creating it if need be. Damage never keeps it from opening; `recovery`
 * tells what was found.
 *
 * Throws FieldlineError `JOURNAL_LOCKED` where another process (or this one) has it open already,
 * `JOURNAL_VERSION_UNKNOWN` for segments of a newer format, `JOURNAL_OPEN_FAILED` where the directory cannot
 * be used at all.
 */
export async function openJournal(options: OpenJournalOptions): Promise<Journal> {
  const { directory, files = realFiles } = options;
  let lock: DirectoryLock | undefined;
  try {
    await makeDirectory(files, directory);
    lock = await lockDirectory(files, directory);
    return await assemble(options, files, lock);
  } catch (cause) {
    await lock?.release();
    if (cause instanceof FieldlineError) throw cause;
    throw new FieldlineError('JOURNAL_OPEN_FAILED', {
      subject: directory,
      detail: `${describeCause(cause)}.`,
      cause,
    });
  }
}

async function assemble(
  options: OpenJournalOptions,
  files: FileAccess,
  lock: DirectoryLock,
): Promise<LocalJournal> {
  const { directory, retention = {}, now = () => Date.now() * 1000 } = options;
  const cursors = await CursorFile.open(files, directory);
  try {
    const wasLockStale = lock.wasStale;
    const about = { cursors, wasLockStale, offsetsFrom: options.offsetsFrom ?? 0 };
    const { catalog, nextOffset, ...found } = await recoverLog(files, directory, about);
    const writer = await SegmentWriter.open(files, { directory, catalog, nextOffset });
    return new LocalJournal({
      ...found,
      directory,
      segmentBytes: segmentBytesFor(options),
      segmentAgeUs: (retention.ageUs ?? Infinity) / retainedSegmentsMin,
      now,
      catalog,
      cursors,
      writer,
      retention: new RetentionRunner(files, catalog, retention),
      lock,
    });
  } catch (cause) {
    await cursors.close();
    throw cause;
  }
}

function segmentBytesFor({ segmentBytes = segmentBytesDefault, retention }: OpenJournalOptions): number {
  const share = (retention?.bytes ?? Infinity) / retainedSegmentsMin;
  return Math.max(segmentBytesMin, Math.min(segmentBytes, share));
}
