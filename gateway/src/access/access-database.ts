import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { FieldlineError } from '@fieldline/protocol';

/**
 * One step for each version of the tables, never changed once it is released: a file at version N (`PRAGMA
 * user_version`) takes the steps behind the Nth. Secrets are there as digests alone.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE users (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, password_hash TEXT NOT NULL, created_at_us INTEGER NOT NULL,
    last_sign_in_us INTEGER) WITHOUT ROWID;
  CREATE TABLE sessions (
    digest TEXT PRIMARY KEY, user TEXT, expires_at_us INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE api_tokens (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, scopes TEXT NOT NULL,
    created_at_us INTEGER NOT NULL, created_by TEXT NOT NULL, expires_at_us INTEGER,
    last_used_us INTEGER) WITHOUT ROWID;
  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL, actor TEXT NOT NULL, address TEXT NOT NULL,
    action TEXT NOT NULL, subject TEXT NOT NULL);
`,
  `
  CREATE TABLE claims (
    device TEXT PRIMARY KEY, digest TEXT NOT NULL, expires_at_us INTEGER NOT NULL, key_digest TEXT) WITHOUT ROWID;
  CREATE TABLE device_certificates (
    serial TEXT NOT NULL UNIQUE, device TEXT NOT NULL, issued_at_us INTEGER NOT NULL,
    expires_at_us INTEGER NOT NULL);
`,
];

/** The version of `access.db` that this code writes. */
export const accessSchemaVersion = migrations.length;

/**
 * Opens `$home/access.db` (0600): who may come in, and who changed what. It is apart from `gateway.db`, since here
 * every write is synced before it is answered: not even a power cut takes a revocation back. Throws
 * DATABASE_UNUSABLE.
 */
export function openAccessDatabase(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: 2000 });
    chmodSync(path, 0o600);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    migrate(database);
    return database;
  } catch (cause) {
    const detail = cause instanceof Error ? `${cause.message}.` : '';
    throw new FieldlineError('DATABASE_UNUSABLE', { subject: path, detail, cause });
  }
}

/** All steps or none: a kill between two of them would leave a file that fits no version. */
function migrate(database: DatabaseSync): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (version > migrations.length) {
    throw new RangeError(
      `it was written by a newer version (${version}; this one knows ${migrations.length})`,
    );
  }
  // A file that is up to date is opened without a write: the disk may be full.
  if (version === migrations.length) return;
  const steps = migrations.slice(version).join('');
  database.exec(`BEGIN IMMEDIATE; ${steps} PRAGMA user_version = ${migrations.length}; COMMIT;`);
}
