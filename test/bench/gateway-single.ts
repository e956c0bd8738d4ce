import { startInfluxd, type Influxd } from '../services/influxd.ts';
import { benchResult, type BenchResult } from './bench-result.ts';
import { Bridge } from './gateway/bridge.ts';
import { GatewayProcess } from './gateway/gateway-process.ts';
import { InfluxDatabase } from './gateway/influx-database.ts';
import { Load } from './gateway/load.ts';
import type { LoadOrder } from './gateway/load-orders.ts';
import { cpuSeconds } from './gateway/process-cost.ts';

const connections = 100;
const messagesPerClient = 2000;
const windowMessages = 200;
const runs = 3;
const million = 1e6;

/** What one side did in one run. */
export interface SideFigures {
  /** Messages stored a second, from the first write of a client until InfluxDB counts all of them. */
  readonly storedPerSec: number;
  /** Processor seconds a million messages, without InfluxDB's and the load's. */
  readonly cpuSecPerMillion: number;
}

/**
 * `gateway-single`: one reading a message, 100 connections with up to 200 messages each unacknowledged, each
 * message journaled with fsync before its PUBACK, and stored in InfluxDB; beside Mosquitto with its limits
 * taken off and a minimal mqtt.js bridge. Messages stored a second, then processor seconds a million
 * messages. A message that was acknowledged and is not in InfluxDB fails the benchmark.
 *
 * Caveats: load, InfluxDB and the side measured share the machine. The bridge's messages are the smaller
 * ones (a time and a value as JSON): nothing numbers them, accounts for them, checks them or writes them to
 * disk before InfluxDB has them.
 */
export async function runGatewaySingle(): Promise<BenchResult[]> {
  const influxd = await startInfluxd();
  const ours: SideFigures[] = [];
  const peer: SideFigures[] = [];
  try {
    for (let run = 0; run < runs; run++) {
      ours.push(await measureGateway(influxd, run));
      peer.push(await measureBridge(influxd, run));
    }
  } finally {
    await influxd.remove();
  }
  const result = (name: string, unit: string, figure: keyof SideFigures): BenchResult =>
    benchResult({
      name,
      unit,
      ours: ours.map((figures) => figures[figure]),
      peer: {
        name: 'mosquitto (tuned) and a minimal mqtt.js bridge',
        values: peer.map((each) => each[figure]),
      },
      packages: ['aedes', 'mqtt'],
    });
  return [
    result('gateway-single', 'messages/s', 'storedPerSec'),
    result('gateway-single: cpu', 'CPU s/million', 'cpuSecPerMillion'),
  ];
}

/** Names of `count` devices. */
export function deviceNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `bench-${index + 1}`);
}

/** One run of the gateway; `nodeOptions` for a profile of it. */
export async function measureGateway(
  influxd: Influxd,
  run: number,
  nodeOptions: readonly string[] = [],
): Promise<SideFigures> {
  const database = new InfluxDatabase(influxd.url, `gateway_${run}`);
  const config = { influxdb: { url: influxd.url, database: database.name } };
  const gateway = await GatewayProcess.start(config, nodeOptions);
  try {
    const clients = await gateway.addDevices(deviceNames(connections));
    const figures = await measure(database, () => cpuSeconds(gateway.pid), {
      port: gateway.mqttPort,
      kind: 'fieldline',
      clients,
    });
    const unaccounted = await gateway.unaccounted();
    if (unaccounted !== 0) throw new Error(`${unaccounted} readings are unaccounted for`);
    return figures;
  } finally {
    await gateway.end();
    await database.drop();
  }
}

/** One run of the peer. */
export async function measureBridge(influxd: Influxd, run: number): Promise<SideFigures> {
  const database = new InfluxDatabase(influxd.url, `bridge_${run}`);
  await database.create();
  const bridge = await Bridge.start(influxd.url, database.name);
  try {
    return await measure(database, () => bridge.cpuSeconds, {
      port: bridge.port,
      kind: 'plain',
      clients: deviceNames(connections).map((device) => ({ device })),
    });
  } finally {
    await bridge.end();
    await database.drop();
  }
}

async function measure(
  database: InfluxDatabase,
  cpu: () => number,
  about: Pick<LoadOrder, 'port' | 'kind' | 'clients'>,
): Promise<SideFigures> {
  const load = await Load.prepare({ ...about, messagesPerClient, readingsPerMessage: 1, windowMessages });
  try {
    const cpuBefore = cpu();
    const report = await load.run();
    const total = connections * messagesPerClient;
    if (report.acknowledged !== total)
      throw new Error(`${report.acknowledged} of ${total} were acknowledged`);
    const storedAtMs = await database.untilCounted('thermometer', 'temperature', report.acknowledged);
    return {
      storedPerSec: (total * 1000) / (storedAtMs - report.startedAtMs),
      cpuSecPerMillion: ((cpu() - cpuBefore) * million) / total,
    };
  } finally {
    await load.end();
  }
}
