import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { FieldlineError } from '@fieldline/protocol';
import { updateTables } from '../updates/update-tables.ts';

/**
 * One step for each version of the tables, never changed once it is released: a file at version N (`PRAGMA
 * user_version`) takes the steps behind the Nth. A new table or column is a new step at the end.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS devices (
    id TEXT PRIMARY KEY, created_at_us INTEGER NOT NULL, password_hash TEXT NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0, last_seen_us INTEGER,
    status TEXT, reported TEXT, desired TEXT) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL, device TEXT NOT NULL, topic TEXT NOT NULL,
    code TEXT NOT NULL, detail TEXT NOT NULL, size_bytes INTEGER NOT NULL, payload BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS received (
    device TEXT NOT NULL, epoch TEXT NOT NULL, ranges TEXT NOT NULL, PRIMARY KEY (device, epoch)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS digests (
    device TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, digest TEXT NOT NULL,
    PRIMARY KEY (device, epoch, seq)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS accounts (device TEXT PRIMARY KEY, account TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS refused_readings (
    cause TEXT NOT NULL, stream TEXT NOT NULL, readings INTEGER NOT NULL,
    PRIMARY KEY (cause, stream)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS refused_batches (
    device TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (device, epoch, seq)) WITHOUT ROWID;
`,
  `
  ALTER TABLE dead_letters ADD COLUMN last_at_us INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE dead_letters ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE dead_letters ADD COLUMN digest TEXT;
  ALTER TABLE dead_letters ADD COLUMN is_whole INTEGER NOT NULL DEFAULT 0;
  UPDATE dead_letters SET last_at_us = at_us;
  CREATE UNIQUE INDEX dead_letters_same ON dead_letters (device, code, digest);
  CREATE TABLE waiting (
    device TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, boot_id TEXT NOT NULL,
    received_at_us INTEGER NOT NULL, counts TEXT NOT NULL, payload BLOB NOT NULL,
    PRIMARY KEY (device, epoch, seq));
  CREATE TABLE anchors (
    device TEXT NOT NULL, boot_id TEXT NOT NULL, monotonic_us INTEGER NOT NULL, wall_us INTEGER NOT NULL,
    PRIMARY KEY (device, boot_id)) WITHOUT ROWID;
`,
  `
  ALTER TABLE received ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE closed_epochs (
    device TEXT NOT NULL, epoch TEXT NOT NULL, account TEXT NOT NULL,
    PRIMARY KEY (device, epoch)) WITHOUT ROWID;
`,
  `
  DROP TABLE digests;
  CREATE TABLE digest_blocks (
    device TEXT NOT NULL, epoch TEXT NOT NULL, block INTEGER NOT NULL, digests BLOB NOT NULL,
    PRIMARY KEY (device, epoch, block)) WITHOUT ROWID;
`,
  `
  CREATE TABLE dialect_devices (
    device TEXT PRIMARY KEY, account TEXT NOT NULL, as_named TEXT NOT NULL) WITHOUT ROWID;
`,
  updateTables,
];

/** The version of `gateway.db` that this code writes. */
export const gatewaySchemaVersion = migrations.length;

/**
 * Opens the gateway's small durable state, `$home/gateway.db` (0600): registry, dead letters, account. With a
 * write-ahead log and `synchronous = NORMAL` a kill loses nothing; a power cut may lose the newest
 * transactions whole, which the journal's replay restores. Throws DATABASE_UNUSABLE.
 */
export function openGatewayDatabase(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: 2000 });
    // Before SQLite makes the log beside it, which gets the same: desired configurations hold passwords.
    if (path !== ':memory:') chmodSync(path, 0o600);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    const version = readVersion(database, path);
    // A file that is up to date is opened without a write: the disk may be full.
    if (version < migrations.length) migrate(database, version);
    return database;
  } catch (cause) {
    if (cause instanceof FieldlineError) throw cause;
    const detail = cause instanceof Error ? `${cause.message}.` : '';
    throw new FieldlineError('DATABASE_UNUSABLE', { subject: path, detail, cause });
  }
}

/** All steps or none: a kill between two of them would leave a file that fits no version. */
function migrate(database: DatabaseSync, version: number): void {
  inTransaction(database, () => {
    for (const step of migrations.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
  });
}

function readVersion(database: DatabaseSync, path: string): number {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (version <= migrations.length) return version;
  throw new FieldlineError('DATABASE_UNUSABLE', {
    subject: path,
    detail: `It was written by a newer version (${version}; this one knows ${migrations.length}).`,
  });
}

/** Runs `work` so that not even a power cut takes it back: a password that was handed out, a revocation. */
export function durably(database: DatabaseSync, work: () => void): void {
  database.exec('PRAGMA synchronous = FULL');
  try {
    work();
  } finally {
    database.exec('PRAGMA synchronous = NORMAL');
  }
}

/** Runs `work` in one transaction: all of it, or none where it throws. */
export function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    // SQLite rolls back by itself on a full disk; a second ROLLBACK would hide that reason behind its own.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
