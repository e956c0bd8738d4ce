import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '@fieldline/journal';
import { expect, test } from 'vitest';
import { forgetRemovedStores } from './removed-stores.ts';

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

test('the cursor of a store that is configured no more is forgotten, for good, and no other', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'fieldline-removed-'));
  const journal = await openJournal({ directory });
  for (const name of ['embedded', 'influxdb', 'account']) await journal.setCursor(name, 0);
  await forgetRemovedStores({ log: journal, logger }, ['embedded']);
  await journal.close();
  const again = await openJournal({ directory });
  expect(['embedded', 'influxdb', 'account'].map((name) => again.cursor(name))).toEqual([0, undefined, 0]);
  await again.close();
  await rm(directory, { recursive: true });
});

test('a disk that cannot be written does not keep the gateway from starting', async () => {
  const log = { cursor: () => 3, removeCursor: () => Promise.reject(new Error('read-only')) };
  await expect(forgetRemovedStores({ log, logger }, ['embedded'])).resolves.toBeUndefined();
});
