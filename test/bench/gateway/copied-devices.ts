import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LoadClient } from './load-orders.ts';

/**
 * Gives a gateway that does not run many devices with the password of one that it knows: to register each
 * would take longer than what is measured.
 */
export function copyDevice(home: string, known: LoadClient, names: readonly string[]): LoadClient[] {
  const database = new DatabaseSync(join(home, 'gateway.db'));
  database.exec('BEGIN');
  database.prepare('CREATE TEMP TABLE copied AS SELECT * FROM devices WHERE id = ?').run(known.device);
  const rename = database.prepare('UPDATE copied SET id = ?');
  const insert = database.prepare('INSERT INTO devices SELECT * FROM copied');
  for (const name of names) {
    rename.run(name);
    insert.run();
  }
  database.exec('COMMIT');
  database.close();
  return names.map((device) => ({ ...known, device }));
}
