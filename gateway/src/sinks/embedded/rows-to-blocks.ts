import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { BlockTable } from './blocks/block-table.ts';
import { writeReadings, writeWindows } from './blocks/block-writer.ts';
import { windowsOf } from './blocks/join-rows.ts';
import { blockLimits } from './blocks/limits.ts';
import { Statements } from './statements.ts';

/** Rows that are held in memory at a time while they are carried over: several whole blocks. */
const rowsAtOnce = 16 * blockLimits.rowsMax;

/** Version 2: the tables of blocks, filled from the rows of version 1, which go. Runs inside a transaction. */
export function rowsToBlocks(database: DatabaseSync): void {
  database.exec(`
    CREATE TABLE block (
      stream INTEGER NOT NULL, grain INTEGER NOT NULL, reach INTEGER NOT NULL,
      start INTEGER NOT NULL, id INTEGER NOT NULL, last INTEGER NOT NULL,
      rows INTEGER NOT NULL, readings INTEGER NOT NULL, window TEXT, rolled INTEGER NOT NULL,
      sum REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL, m2 REAL NOT NULL,
      PRIMARY KEY (stream, grain, reach, start, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX block_small ON block (stream, grain, start) WHERE rows < 2048;
    CREATE INDEX block_unrolled ON block (stream, grain, rows) WHERE rolled = 0;
    CREATE TABLE block_data (id INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
    ALTER TABLE stream ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;`);
  const table = new BlockTable(new Statements(database));
  for (const { id } of database.prepare('SELECT id FROM stream').all()) {
    carryReadings(database, table, Number(id));
    carryWindows(database, table, Number(id));
  }
  database.exec('DROP TABLE reading; DROP TABLE window; ALTER TABLE stream DROP COLUMN readings;');
}

function carryReadings(database: DatabaseSync, table: BlockTable, stream: number): void {
  const rows = database.prepare('SELECT t, v, q FROM reading WHERE stream = ? ORDER BY t, n');
  for (const part of inParts(rows.iterate(stream))) {
    const q = Uint8Array.from(part, (row) => Number(row['q']));
    writeReadings(
      table,
      { t: numbers(part, 't'), v: numbers(part, 'v'), q },
      { stream, window: null, rolled: 0 },
    );
  }
}

function carryWindows(database: DatabaseSync, table: BlockTable, stream: number): void {
  const kinds = database.prepare('SELECT DISTINCT window FROM window WHERE stream = ?').all(stream);
  const rows = database.prepare('SELECT * FROM window WHERE stream = ? AND window = ? ORDER BY start, n');
  for (const { window: kind } of kinds) {
    const window = String(kind);
    for (const part of inParts(rows.iterate(stream, window))) {
      const windows = windowsOf(
        (name) => numbers(part, name),
        Uint8Array.from(part, (row) => Number(row['partial'])),
        part.map(({ sketch }) => (sketch instanceof Uint8Array ? sketch : null)),
      );
      writeWindows(table, windows, { stream, window, rolled: 0 });
    }
  }
}

type Row = Record<string, SQLOutputValue>;

function numbers(part: readonly Row[], name: string): Float64Array {
  return Float64Array.from(part, (row) => Number(row[name]));
}

function* inParts(rows: Iterable<Row>): Generator<Row[]> {
  let part: Row[] = [];
  for (const row of rows) {
    part.push(row);
    if (part.length < rowsAtOnce) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}
