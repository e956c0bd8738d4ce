import { FieldlineError } from '@fieldline/protocol';
import type { GatewayConfig } from '../../config/gateway-config.ts';
import type { Store } from '../../query/store.ts';
import type { Sink, SinkLogger } from '../sink.ts';

/** InfluxDB 1.x as a store. */
export const InfluxStore = {
  fromConfig(config: GatewayConfig, _options: { nowUs: () => number; logger: SinkLogger }): Sink & Store {
    throw new FieldlineError('INFLUX_UNREACHABLE', { subject: config.influxdb?.url ?? 'influxdb.url' });
  },
};
