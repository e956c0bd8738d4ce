import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openGatewayDatabase } from '../home/gateway-database.ts';

/** A gateway's database in a folder of its own. */
export interface TemporaryDatabase {
  readonly database: DatabaseSync;
  /** Closes it, and removes its folder. */
  remove(): void;
}

/** Makes an empty one, on the disk as a gateway's is. */
export function temporaryDatabase(): TemporaryDatabase {
  const folder = mkdtempSync(join(tmpdir(), 'fieldline-database-'));
  const database = openGatewayDatabase(join(folder, 'gateway.db'));
  return {
    database,
    remove: () => {
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
}
