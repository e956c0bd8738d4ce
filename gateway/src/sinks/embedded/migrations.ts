import type { DatabaseSync } from 'node:sqlite';
import { FieldlineError } from '@fieldline/protocol';
import { rollupSchema } from './rollups/rollup-table.ts';
import { rowsToBlocks } from './rows-to-blocks.ts';

/** One step of the schema: SQL, or what carries data over. */
type Migration = string | ((database: DatabaseSync) => void);

/**
 * The schema, one step a version, applied in order and never changed once released.
 *
 * Version 1 kept a row a reading, clustered by (stream, time). From version 2 on readings and windows stand in blocks
 * of columns; `blocks/` tells how.
 */
const migrations: readonly Migration[] = [
  `CREATE TABLE stream (
     id INTEGER PRIMARY KEY,
     device TEXT NOT NULL, sensor TEXT NOT NULL, quantity TEXT NOT NULL,
     extra INTEGER NOT NULL,
     type TEXT NOT NULL, unit TEXT NOT NULL,
     kind TEXT NOT NULL, window TEXT,
     last_t INTEGER, last_value REAL,
     readings INTEGER NOT NULL DEFAULT 0,
     UNIQUE (device, sensor, quantity, extra)
   ) STRICT;
   CREATE TABLE reading (
     stream INTEGER NOT NULL, t INTEGER NOT NULL, n INTEGER NOT NULL,
     v REAL NOT NULL, q INTEGER NOT NULL,
     PRIMARY KEY (stream, t, n)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE window (
     stream INTEGER NOT NULL, start INTEGER NOT NULL, n INTEGER NOT NULL,
     end INTEGER NOT NULL, window TEXT NOT NULL, partial INTEGER NOT NULL,
     count INTEGER NOT NULL, sum REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL,
     first REAL NOT NULL, last REAL NOT NULL, m2 REAL NOT NULL, sketch BLOB,
     PRIMARY KEY (stream, start, n)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE gap (
     device TEXT NOT NULL, sensor TEXT NOT NULL,
     from_t INTEGER NOT NULL, to_t INTEGER NOT NULL, reason TEXT NOT NULL,
     PRIMARY KEY (device, sensor, from_t, to_t, reason)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE journal_cursor (id INTEGER PRIMARY KEY CHECK (id = 1), next_offset INTEGER NOT NULL) STRICT;
   INSERT INTO journal_cursor VALUES (1, 0);`,
  rowsToBlocks,
  rollupSchema,
];

/** The version of `store.db` that this code writes. */
export const storeSchemaVersion = migrations.length;

/**
 * Brings the schema up to this version, or to an older one that a test wants. Throws STORE_NEWER_SCHEMA where a newer
 * program wrote it.
 */
export function migrate(
  database: DatabaseSync,
  path: string,
  nowUs: number,
  toVersion: number = migrations.length,
): void {
  database.exec(
    'CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY, applied_at_us INTEGER NOT NULL)',
  );
  const row = database.prepare('SELECT coalesce(max(version), 0) AS version FROM migration').get();
  const version = Number(row?.['version']);
  if (version > migrations.length) {
    const detail = `Its schema is version ${version}; this program knows ${migrations.length}.`;
    throw new FieldlineError('STORE_NEWER_SCHEMA', { subject: path, detail });
  }
  for (const [index, step] of migrations.slice(version, toVersion).entries()) {
    database.exec('BEGIN IMMEDIATE');
    if (typeof step === 'string') database.exec(step);
    else step(database);
    database.prepare('INSERT INTO migration VALUES (?, ?)').run(version + index + 1, nowUs);
    database.exec('COMMIT');
  }
}
