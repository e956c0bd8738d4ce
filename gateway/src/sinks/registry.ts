import { join } from 'node:path';
import type { StoreName } from '../config/gateway-config.ts';
import type { SinkContext } from '../parts.ts';
import type { Store } from '../query/store.ts';
import { EmbeddedStore } from './embedded/embedded-store.ts';
import { InfluxStore } from './influxdb/influx-store.ts';
import type { Sink } from './sink.ts';

/** What a store is made from. */
export type StoreContext = Pick<SinkContext, 'config' | 'clock' | 'logger' | 'registry'>;

/** Every store that the configuration can name. To add one: its folder, and one line here. */
export const storeRegistry: Readonly<Record<StoreName, (context: StoreContext) => Sink & Store>> = {
  embedded: ({ config, clock }) =>
    new EmbeddedStore({
      path: join(config.home, 'store.db'),
      nowUs: () => clock.nowUs(),
      keepUs: config.keepUs,
    }),
  influxdb: ({ config, clock, logger, registry }) =>
    InfluxStore.fromConfig(config, {
      nowUs: () => clock.nowUs(),
      logger: logger.child({ part: 'influxdb' }),
      tagsOf: (device) => registry.get(device)?.tags ?? {},
    }),
};
