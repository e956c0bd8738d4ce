import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { openDatabase } from './open-database.ts';

/**
 * The offset up to which the store in this file has seen a journal, before anything else opens it; 0 where there is
 * none, or where it cannot be read: whoever opens it then says why.
 */
export function storedOffset(path: string): number {
  if (!existsSync(path)) return 0;
  let database: DatabaseSync | undefined;
  try {
    database = openDatabase(path, 'reader');
    return Number(database.prepare('SELECT next_offset FROM journal_cursor').get()?.['next_offset'] ?? 0);
  } catch {
    return 0;
  } finally {
    database?.close();
  }
}
