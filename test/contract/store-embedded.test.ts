import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedStore } from '../../gateway/src/sinks/embedded/embedded-store.ts';
import { startUs } from './store-batches.ts';
import { storeContract, type StoreUnderTest } from './store-suite.ts';

storeContract('embedded', async () => underTest(await mkdtemp(join(tmpdir(), 'fieldline-store-'))));

function underTest(directory: string): StoreUnderTest {
  const store = new EmbeddedStore({ path: join(directory, 'store.db'), nowUs: () => startUs });
  return {
    store,
    reopen: async () => {
      await store.close();
      return underTest(directory);
    },
    remove: async () => {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
