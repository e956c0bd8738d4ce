import { benchResult, type BenchResult } from './bench-result.ts';
import { Load } from './gateway/load.ts';
import { withBridge, withGateway, withInfluxd, type Side } from './gateway/sides.ts';

const connections = 100;
const messagesPerClient = 5000;
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
  const ours: SideFigures[] = [];
  const peer: SideFigures[] = [];
  await withInfluxd(async (influxd) => {
    for (let run = 0; run < runs; run++) {
      ours.push(await withGateway(influxd, connections, measureSide));
      peer.push(await withBridge(influxd, connections, measureSide));
    }
  });
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

/** One run of one side. */
export async function measureSide({ target, database, cpuSeconds }: Side): Promise<SideFigures> {
  const load = await Load.prepare({ ...target, messagesPerClient, readingsPerMessage: 1, windowMessages });
  try {
    const cpuBefore = cpuSeconds();
    const report = await load.run();
    const total = connections * messagesPerClient;
    if (report.acknowledged !== total)
      throw new Error(`${report.acknowledged} of ${total} were acknowledged`);
    const storedAtMs = await database.untilCounted('thermometer', 'temperature', report.acknowledged);
    return {
      storedPerSec: (total * 1000) / (storedAtMs - report.startedAtMs),
      cpuSecPerMillion: ((cpuSeconds() - cpuBefore) * million) / total,
    };
  } finally {
    await load.end();
  }
}
