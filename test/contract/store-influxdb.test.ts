import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { InfluxStore } from '../../gateway/src/sinks/influxdb/influx-store.ts';
import { influxdProgram, startInfluxd, type Influxd } from '../services/influxd.ts';
import { storeContract, type StoreUnderTest } from './store-suite.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe.skipIf(influxdProgram.missing)('InfluxDB 1.x', () => {
  let influxd: Influxd;
  let databases = 0;

  beforeAll(async () => {
    influxd = await startInfluxd();
  });
  afterAll(async () => {
    await influxd.remove();
  });

  storeContract('influxdb', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'fieldline-influx-state-'));
    return underTest(directory, { url: influxd.url, database: `contract_${++databases}` });
  });

  function underTest(directory: string, address: { url: string; database: string }): StoreUnderTest {
    const store = new InfluxStore({ address, directory, logger: quiet });
    return {
      store,
      reopen: async () => {
        await store.close();
        return underTest(directory, address);
      },
      remove: async () => {
        await store.close();
        await rm(directory, { recursive: true, force: true });
      },
    };
  }
});
