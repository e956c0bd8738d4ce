import { Buffer } from 'node:buffer';
import { benchResult, type BenchResult } from './bench-result.ts';
import { InfluxDatabase } from './gateway/influx-database.ts';
import { Load } from './gateway/load.ts';
import { lineOf } from './gateway/load-messages.ts';
import { deviceNames, withGateway, withInfluxd, type GatewaySide } from './gateway/sides.ts';

const connections = 20;
const batchesPerClient = 1000;
const readingsPerBatch = 100;
const windowBatches = 20;
const linesPerWrite = 5000;
const runs = 3;
const total = connections * batchesPerClient * readingsPerBatch;

/**
 * `gateway-batch`: batches of 100 readings from 20 connections, journaled with fsync before their PUBACK and stored in
 * InfluxDB, beside the same readings written straight into InfluxDB as line protocol, 5,000 lines a
 * request, two requests at a time. Readings stored a second, until InfluxDB has answered for the last of them; that it then
 * counts all of them is looked at behind the clock of either side, since to count two million points takes it a second of processor time.
 *
 * Caveats: the lines of the peer are made before its clock starts, as bytes, while the gateway decodes, checks and journals within
 * the same time as InfluxDB works, on the same processors. Two million readings a run, so that what the engine needs to
 * warm up is a small part of it.
 */
export async function runGatewayBatch(): Promise<BenchResult[]> {
  const ours: number[] = [];
  const peer: number[] = [];
  await withInfluxd(async (influxd) => {
    for (let run = 0; run < runs; run++) {
      ours.push(await withGateway(influxd, connections, measureBatches));
      peer.push(await measureBulk(new InfluxDatabase(influxd.url, `bulk_${run}`)));
    }
  });
  return [
    benchResult({
      name: 'gateway-batch',
      unit: 'readings/s',
      ours,
      peer: { name: 'bulk writes of ready lines into InfluxDB', values: peer },
      packages: ['aedes'],
    }),
  ];
}

async function measureBatches({ target, database, gateway }: GatewaySide): Promise<number> {
  const load = await Load.prepare({
    ...target,
    messagesPerClient: batchesPerClient,
    readingsPerMessage: readingsPerBatch,
    windowMessages: windowBatches,
  });
  try {
    const report = await load.run();
    const expected = connections * batchesPerClient;
    if (report.acknowledged !== expected)
      throw new Error(`${report.acknowledged} of ${expected} batches were acknowledged`);
    const storedAtMs = await gateway.untilStored('influxdb');
    await database.untilCounted('thermometer', 'temperature', total);
    return (total * 1000) / (storedAtMs - report.startedAtMs);
  } finally {
    await load.end();
  }
}

async function measureBulk(database: InfluxDatabase): Promise<number> {
  await database.create();
  try {
    const bodies = bulkBodies();
    const startedAtMs = performance.now();
    const lane = async (): Promise<void> => {
      for (let body = bodies.pop(); body; body = bodies.pop()) await database.write(body);
    };
    await Promise.all([lane(), lane()]);
    const tookMs = performance.now() - startedAtMs;
    await database.untilCounted('thermometer', 'temperature', total);
    return (total * 1000) / tookMs;
  } finally {
    await database.drop();
  }
}

/** The same points as the gateway writes, in the order in which devices in step would send them. */
function bulkBodies(): Buffer<ArrayBuffer>[] {
  const bodies: Buffer<ArrayBuffer>[] = [];
  let lines: string[] = [];
  for (let batch = 0; batch < batchesPerClient; batch++) {
    for (const device of deviceNames(connections)) {
      for (let index = 0; index < readingsPerBatch; index++)
        lines.push(lineOf(device, batch * readingsPerBatch + index));
      if (lines.length < linesPerWrite) continue;
      bodies.push(Buffer.from(lines.join('\n')));
      lines = [];
    }
  }
  if (lines.length > 0) bodies.push(Buffer.from(lines.join('\n')));
  return bodies.reverse();
}
