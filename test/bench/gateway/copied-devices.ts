import { randomBytes, scryptSync } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LoadClient } from './load-orders.ts';

/**
 * Gives a gateway that does not run many devices with the password of one that it knows: to register each
 * would take longer than what is measured. The password is hashed at the least cost, so that opening all of their sessions does
 * not take minutes.
 */
export function copyDevice(home: string, known: LoadClient, names: readonly string[]): LoadClient[] {
  const database = new DatabaseSync(join(home, 'gateway.db'));
  database.exec('BEGIN');
  database.prepare('CREATE TEMP TABLE copied AS SELECT * FROM devices WHERE id = ?').run(known.device);
  if (known.password !== undefined)
    database.prepare('UPDATE copied SET password_hash = ?').run(cheapHash(known.password));
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

/** scrypt (RFC 7914) with the least cost that it knows, in the form of the gateway's own hashes. */
function cheapHash(password: string): string {
  const cost = { N: 2, r: 8, p: 1 };
  const salt = randomBytes(16);
  const key = scryptSync(password, salt, 32, cost);
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}
