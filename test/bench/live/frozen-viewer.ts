import { once } from 'node:events';
import { batchTopic, encodeBatch, type Batch } from '@fieldline/protocol';
import { allBatched, sampleBatch } from '@fieldline/protocol/testing';
import { liveBinaryProtocol } from '@fieldline/protocol/live';
import mqtt from 'mqtt';
import { WebSocket } from 'ws';
import { benchResult, type BenchResult } from '../bench-result.ts';
import { GatewayProcess } from '../gateway/gateway-process.ts';

const devices = 10;
/** How long each measurement lasts. */
const segmentMs = 3000;
const readingsPerMessage = 500;
/** A viewer that has taken so many of these is not frozen. */
const fillSegmentsMax = 10;
const runs = 7;

/**
 * The 99th percentile of PUBLISH to PUBACK with a viewer that reads nothing, and without one, in turns. What goes into the buffers
 * of a viewer before they are full is written to it as to any other: a side is measured once that has passed, on both sides.
 */
export async function measureFrozen(): Promise<BenchResult> {
  const gateway = await GatewayProcess.start({});
  const names = Array.from({ length: devices }, (_, index) => `bench-${index}`);
  const accounts = await gateway.addDevices(names);
  const publishers = await Promise.all(
    accounts.map(async ({ device, password }) => {
      const login = { clientId: device, username: device, ...(password && { password }), reconnectPeriod: 0 };
      const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${gateway.mqttPort}`, login);
      return new Publisher(device, client);
    }),
  );
  const segment = async (): Promise<number> => {
    const latencies = await Promise.all(publishers.map((publisher) => publisher.run()));
    const sorted = latencies.flat().sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.99)] ?? NaN;
  };
  const freeSegment = async (): Promise<number> => {
    await segment();
    return segment();
  };
  const frozen: number[] = [];
  const free: number[] = [];
  try {
    await segment();
    for (let run = 0; run < runs; run++) {
      // Who comes second finds a warmer machine: each side is second as often as first.
      const sides = [
        async () => frozen.push(await withFrozenViewer(gateway, segment)),
        async () => free.push(await freeSegment()),
      ];
      for (const side of run % 2 === 0 ? sides : sides.toReversed()) await side();
    }
  } finally {
    for (const publisher of publishers) publisher.end();
    await gateway.end();
  }
  return benchResult({
    name: 'live: frozen viewer',
    unit: 'ms p99 to PUBACK',
    ours: frozen,
    peer: { name: 'no viewer', values: free },
    packages: ['mqtt', 'ws'],
  });
}

/** Watches everything, and reads nothing after its first message. */
async function withFrozenViewer(gateway: GatewayProcess, segment: () => Promise<number>): Promise<number> {
  const url = new URL('/api/v1/live', gateway.httpUrl);
  url.protocol = 'ws:';
  const viewer = new WebSocket(url, [liveBinaryProtocol], { headers: gateway.authorization() });
  await once(viewer, 'open');
  viewer.send(JSON.stringify({ type: 'subscribe', streams: ['*'] }));
  await once(viewer, 'message');
  viewer.pause();
  try {
    for (let tries = 0; !(await hasFullViewer(gateway)); tries++) {
      if (tries === fillSegmentsMax) throw new Error('the frozen viewer has still room for more');
      await segment();
    }
    return await segment();
  } finally {
    viewer.terminate();
  }
}

/** Whether the gateway has no room left for what its one viewer does not read. */
async function hasFullViewer(gateway: GatewayProcess): Promise<boolean> {
  const response = await fetch(`${gateway.httpUrl}/metrics`, { headers: gateway.authorization() });
  return /^fieldline_live_viewers_lagging 1$/m.test(await response.text());
}

/** One device that sends its next batch when the one before is acknowledged. */
class Publisher {
  readonly #device: string;
  readonly #client: mqtt.MqttClient;
  #seq = 0;

  constructor(device: string, client: mqtt.MqttClient) {
    this.#device = device;
    this.#client = client;
  }

  /** Milliseconds from PUBLISH to PUBACK of each message. */
  async run(): Promise<number[]> {
    const latencies: number[] = [];
    const endMs = performance.now() + segmentMs;
    while (performance.now() < endMs) {
      const payload = Buffer.from(encodeBatch(this.#next()));
      const startedAtMs = performance.now();
      await this.#client.publishAsync(batchTopic(this.#device), payload, { qos: 1 });
      latencies.push(performance.now() - startedAtMs);
    }
    return latencies;
  }

  end(): void {
    this.#client.end(true);
  }

  #next(): Batch {
    const seq = ++this.#seq;
    const nowUs = Date.now() * 1000;
    const batched = seq * readingsPerMessage;
    const t = Float64Array.from({ length: readingsPerMessage }, (_, index) => nowUs + index);
    const v = t.map((_, index) => Math.sin(seq * readingsPerMessage + index) * 1e6);
    return sampleBatch({
      device: this.#device,
      seq,
      sentAt: nowUs,
      sensors: [{ sensor: 'adc', type: 'adc', kind: 'readings', t, fields: { voltage: { unit: 'V', v } } }],
      ledger: { 'adc/voltage': allBatched(batched) },
    });
  }
}
