import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { FieldlineError } from '@fieldline/protocol';

/** How long one connection waits for another's lock before it gives up. */
const busyTimeoutMs = 5000;

/** What of the write-ahead log stays on disk when it has been copied into the file. */
const walBytesKept = 64 * 1024 * 1024;

/** Free pages stay for new blocks until they are an eighth of the file; then so many are given back at a time. */
const freePart = 1 / 8;
const releasedPagesMax = 16_384;

/**
 * Gives pages that retention freed back to the disk. A store of an older version gives none back: its free pages are
 * filled again.
 */
export function releasePages(database: DatabaseSync): void {
  const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count']);
  const free = Number(database.prepare('PRAGMA freelist_count').get()?.['freelist_count']);
  if (free > pages * freePart) database.exec(`PRAGMA incremental_vacuum(${releasedPagesMax})`);
}

/**
 * Opens the store (0600). WAL, so that queries read while the writer writes. `synchronous = NORMAL`: a power cut may
 * take back the newest transactions, never half of one; since the journal's cursor stands in the same
 * transaction, what was taken back is read from the journal again. An fsync each commit would buy nothing.
 *
 * Throws STORE_UNREADABLE.
 */
export function openDatabase(path: string, role: 'writer' | 'reader'): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: busyTimeoutMs, readOnly: role === 'reader' });
    if (role === 'writer') {
      // Before SQLite makes the log beside it, which gets the same.
      chmodSync(path, 0o600);
      // Of a new file only: pages that become free can be given back bit by bit.
      database.exec('PRAGMA auto_vacuum = INCREMENTAL');
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384');
      database.exec(`PRAGMA journal_size_limit = ${walBytesKept}`);
    } else {
      database.exec('PRAGMA query_only = ON; PRAGMA cache_size = -16384');
    }
    return database;
  } catch (error) {
    throw new FieldlineError('STORE_UNREADABLE', { subject: path, detail: String(error), cause: error });
  }
}
