import { once } from 'node:events';
import { LiveStreams, type Batch, type LiveMessage } from '@fieldline/protocol';
import { decodeLiveFrame, liveBinaryProtocol, LiveTable } from '@fieldline/protocol/live';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, expect, test } from 'vitest';
import WebSocket from 'ws';
import { batchOf } from '../gateway-rig.ts';
import { liveRig, type LiveRig } from '../testing/live-rig.ts';

type Delta = Extract<LiveMessage, { type: 'delta' }>;

/** A viewer in either form, which makes every frame a message, as the dashboard does. */
class Viewer {
  readonly socket: WebSocket;
  readonly deltas: Delta[] = [];
  readonly others: { type: string; seq: number; session?: string; skipped?: number }[] = [];
  readonly table = new LiveTable();
  binaryFrames = 0;
  #arrived = Promise.withResolvers<undefined>();

  constructor(protocols: string[] = []) {
    this.socket = rig.connect({ protocols });
    this.socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.#takeFrame(data);
      else this.#takeText(data.toString());
      this.#arrived.resolve(undefined);
      this.#arrived = Promise.withResolvers();
    });
  }

  async subscribe(streams: string[], resume?: { session: string; seq: number }): Promise<void> {
    if (this.socket.readyState !== WebSocket.OPEN) await once(this.socket, 'open');
    this.socket.send(JSON.stringify({ type: 'subscribe', streams, ...(resume && { resume }) }));
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await this.#arrived.promise;
  }

  #takeFrame(bytes: Uint8Array): void {
    this.binaryFrames++;
    const frame = decodeLiveFrame(bytes);
    if (!frame.ok) throw new Error(frame.refusal.detail);
    this.deltas.push(this.table.message(frame.value));
  }

  #takeText(text: string): void {
    const message = JSON.parse(text) as { type: string; seq: number };
    if (message.type === 'delta') this.deltas.push(message as Delta);
    else if (Value.Check(LiveStreams, message)) this.table.learn(message);
    else this.others.push(message);
  }
}

let rig: LiveRig;

beforeEach(async () => {
  rig = await liveRig(() => Date.now() * 1000);
});
afterEach(() => rig.end());

async function view(protocols: string[], ...streams: string[]): Promise<Viewer> {
  const viewer = new Viewer(protocols);
  await viewer.subscribe(streams);
  await viewer.until(() => viewer.others.length > 0);
  return viewer;
}

let offset = 0;

function publish(...batches: Batch[]): void {
  rig.hub.take(batches.map((batch) => ({ offset: offset++, batch, receivedAtUs: 0 })));
}

const windows: Batch['sensors'][number] = {
  sensor: 'w',
  type: 'adc',
  kind: 'windows',
  window: '10s',
  start: Float64Array.of(0, 10),
  end: Float64Array.of(10, 20),
  fields: {
    level: {
      unit: 'm',
      count: Float64Array.of(4, 0),
      sum: Float64Array.of(10, NaN),
      min: Float64Array.of(1, NaN),
      max: Float64Array.of(4, NaN),
      first: Float64Array.of(1, NaN),
      last: Float64Array.of(1, NaN),
      m2: Float64Array.of(0, NaN),
    },
  },
};
const gap: Batch['sensors'][number] = {
  sensor: 's',
  type: 'x',
  kind: 'gaps',
  from: Float64Array.of(5),
  to: Float64Array.of(6),
  reason: ['unplugged'],
};

test('binary frames say what JSON says, and are a fraction of it', async () => {
  const plain = await view([], '*');
  const binary = await view([liveBinaryProtocol], '*');
  publish(batchOf('a', 1, { readings: 3 }), { ...batchOf('b', 1), sensors: [windows, gap] });
  publish(batchOf('c', 1));
  rig.hub.flush();
  await Promise.all([plain, binary].map((viewer) => viewer.until(() => viewer.deltas.length > 0)));
  expect(binary.deltas).toEqual(plain.deltas);
  expect(plain.deltas[0]?.readings).toHaveLength(2);
  expect(plain.deltas[0]?.windows).toMatchObject([{ window: '10s', count: [4], mean: [2.5] }]);
  expect(plain.deltas[0]?.gaps).toMatchObject([{ reason: 'unplugged' }]);
  expect([plain.binaryFrames, binary.binaryFrames]).toEqual([0, 1]);
});

test('a viewer that offers other subprotocols gets JSON', async () => {
  const viewer = new Viewer(['chat', liveBinaryProtocol]);
  await viewer.subscribe(['*']);
  await viewer.until(() => viewer.others.length > 0);
  expect(viewer.socket.protocol).toBe(liveBinaryProtocol);
});

test('each viewer learns the numbers of its own streams only, also of those that come later', async () => {
  const one = await view([liveBinaryProtocol], 'b/*/*');
  publish(batchOf('a', 1), batchOf('b', 1));
  rig.hub.flush();
  await one.until(() => one.deltas.length === 1);
  publish(batchOf('a', 2), batchOf('b', 2), { ...batchOf('b', 3), sensors: [windows] });
  rig.hub.flush();
  await one.until(() => one.deltas.length === 2);
  expect(one.deltas.map(({ readings }) => readings.map(({ stream }) => stream))).toEqual([
    ['b/air/temperature'],
    ['b/air/temperature'],
  ]);
  expect(one.deltas[1]?.windows).toMatchObject([{ stream: 'b/w/level' }]);
});

test('a viewer that comes back in binary gets what it missed, with the numbers', async () => {
  const first = await view([liveBinaryProtocol], '*');
  publish(batchOf('a', 1));
  rig.hub.flush();
  await first.until(() => first.deltas.length === 1);
  const [{ session = '' } = {}] = first.others;
  const resume = { session, seq: first.deltas[0]?.seq ?? 0 };
  first.socket.terminate();
  publish(batchOf('a', 2), batchOf('new', 1));
  rig.hub.flush();
  const back = new Viewer([liveBinaryProtocol]);
  await back.subscribe(['*'], resume);
  await back.until(() => back.deltas.length === 1);
  expect(back.deltas[0]?.readings.map(({ stream }) => stream).sort()).toEqual([
    'a/air/temperature',
    'new/air/temperature',
  ]);
});

test.each([[[]], [[liveBinaryProtocol]]])(
  'a slow viewer is made up for with the newest value of each stream that changed (%j)',
  async (protocols) => {
    const slow = await view(protocols, '*');
    const quick = await view(protocols, '*');
    const wide = (device: string, seq: number): Batch => {
      const batch = batchOf(device, seq, { readings: 20_000, before: seq * 20_000 });
      const [block] = batch.sensors;
      if (block?.kind !== 'readings') throw new Error('a batch of readings');
      const v = block.t.map((time) => Math.sin(time) * 1e6);
      return { ...batch, sensors: [{ ...block, fields: { temperature: { unit: 'Cel', v } } }] };
    };
    slow.socket.pause();
    const devices = ['a', 'b'];
    let seq = 0;
    while (rig.hub.laggingViewers === 0 || seq < 3) {
      const before = quick.deltas.length;
      for (const device of devices) publish(wide(device, seq));
      seq++;
      rig.hub.flush();
      await quick.until(() => quick.deltas.length > before);
    }
    slow.socket.resume();
    await slow.until(() => slow.others.filter(({ type }) => type === 'lagging').length === 2);
    const newest = quick.deltas.at(-1);
    const lastOf = (delta: Delta | undefined): unknown =>
      delta?.readings.map(({ stream, t, v }) => [stream, t.at(-1), v.at(-1)]);
    await slow.until(() => slow.deltas.at(-1)?.seq === newest?.seq);
    expect(lastOf(slow.deltas.at(-1))).toEqual(lastOf(newest));
    expect(slow.deltas.at(-1)?.readings.every(({ t }) => t.length === 1)).toBe(true);
    expect(slow.others.at(-1)?.skipped).toBeGreaterThan(0);
    expect(rig.hub.cut).toBe(0);
  },
  30_000,
);
