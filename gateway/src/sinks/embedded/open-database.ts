import { DatabaseSync } from 'node:sqlite';
import { FieldlineError } from '@fieldline/protocol';

/** How long one connection waits for another's lock before it gives up. */
const busyTimeoutMs = 5000;

/**
 * Opens the store. WAL, so that queries read while the writer writes. `synchronous = NORMAL`: a power cut may
 * take back the newest transactions, never half of one; since the journal's cursor stands in the same
 * transaction, what was taken back is read from the journal again. An fsync each commit would buy nothing.
 *
 * Throws STORE_UNREADABLE.
 */
export function openDatabase(path: string, role: 'writer' | 'reader'): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: busyTimeoutMs, readOnly: role === 'reader' });
    if (role === 'writer') {
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384');
    } else {
      database.exec('PRAGMA query_only = ON; PRAGMA cache_size = -16384');
    }
    return database;
  } catch (error) {
    throw new FieldlineError('STORE_UNREADABLE', { subject: path, detail: String(error), cause: error });
  }
}
