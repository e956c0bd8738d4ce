import { startInfluxd, type Influxd } from '../../services/influxd.ts';
import { Bridge } from './bridge.ts';
import { GatewayProcess } from './gateway-process.ts';
import { InfluxDatabase } from './influx-database.ts';
import type { LoadClient, LoadOrder } from './load-orders.ts';
import { cpuSeconds } from './process-cost.ts';

/** One side that is ready to take messages and stores them in a database of its own. */
export interface Side {
  /** Where its messages go, and in which form. */
  readonly target: Pick<LoadOrder, 'port' | 'kind' | 'clients'>;
  readonly database: InfluxDatabase;
  /** Processor time so far, without InfluxDB's. */
  cpuSeconds(): number;
}

/** A gateway as such a side. */
export interface GatewaySide extends Side {
  readonly gateway: GatewayProcess;
}

/** Runs `work` with an InfluxDB of its own, and removes it. */
export async function withInfluxd<Value>(work: (influxd: Influxd) => Promise<Value>): Promise<Value> {
  const influxd = await startInfluxd();
  try {
    return await work(influxd);
  } finally {
    await influxd.remove();
  }
}

/** Names of `count` devices. */
export function deviceNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `bench-${index + 1}`);
}

let databases = 0;

/**
 * Runs `work` with a gateway that stores in InfluxDB. Throws where the ledger cannot account for every reading
 * afterwards. `nodeOptions`: for a profile of it.
 */
export async function withGateway<Value>(
  influxd: Influxd,
  devices: number,
  work: (side: GatewaySide) => Promise<Value>,
  nodeOptions: readonly string[] = [],
): Promise<Value> {
  const database = new InfluxDatabase(influxd.url, `gateway_${++databases}`);
  const config = { influxdb: { url: influxd.url, database: database.name } };
  const gateway = await GatewayProcess.start(config, nodeOptions);
  try {
    const clients = await gateway.addDevices(deviceNames(devices));
    const target = { port: gateway.mqttPort, kind: 'fieldline', clients } as const;
    const value = await work({ target, database, gateway, cpuSeconds: () => cpuSeconds(gateway.pid) });
    const unaccounted = await gateway.unaccounted();
    if (unaccounted !== 0) throw new Error(`${unaccounted} readings are unaccounted for`);
    return value;
  } finally {
    await gateway.end();
    await database.drop();
  }
}

/** Runs `work` with Mosquitto, tuned, and a minimal bridge. */
export async function withBridge<Value>(
  influxd: Influxd,
  devices: number,
  work: (side: Side) => Promise<Value>,
): Promise<Value> {
  const database = new InfluxDatabase(influxd.url, `bridge_${++databases}`);
  await database.create();
  const bridge = await Bridge.start(influxd.url, database.name);
  try {
    const clients: LoadClient[] = deviceNames(devices).map((device) => ({ device }));
    const target = { port: bridge.port, kind: 'plain', clients } as const;
    return await work({ target, database, cpuSeconds: () => bridge.cpuSeconds });
  } finally {
    await bridge.end();
    await database.drop();
  }
}
