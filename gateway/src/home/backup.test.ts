import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { backupHome } from './backup.ts';

test('a segment of the journal that is begun while the store is copied is in the backup', async () => {
  const home = mkdtempSync(join(tmpdir(), 'fieldline-backup-'));
  const target = join(home, 'copy');
  mkdirSync(join(home, 'gateway', 'journal'), { recursive: true });
  for (const name of ['store.db', 'gateway.db']) {
    const database = new DatabaseSync(join(home, 'gateway', name));
    database.exec('CREATE TABLE filling (bytes BLOB); INSERT INTO filling VALUES (zeroblob(4000000))');
    database.close();
  }
  const state: { isDone: boolean } = { isDone: false };
  const backup = backupHome(join(home, 'gateway'), target, 0).finally(() => (state.isDone = true));
  while (!existsSync(join(target, 'store.db')) && !state.isDone) await turn();
  writeFileSync(join(home, 'gateway', 'journal', '00000000000000000001.segment'), 'records');
  await backup;
  expect(existsSync(join(target, 'journal', '00000000000000000001.segment'))).toBe(true);
  rmSync(home, { recursive: true });
});
