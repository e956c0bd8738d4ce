import { once } from 'node:events';
import { LiveMessage, type SensorBlock } from '@fieldline/protocol';
import { sampleBatch } from '@fieldline/protocol/testing';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { liveRig, type LiveRig } from '../testing/live-rig.ts';

type Message = LiveMessage & Record<string, ReturnType<typeof JSON.parse>>;

let rig: LiveRig;

/** A viewer that keeps what it got and can be waited on. */
class Viewer {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  #arrived = Promise.withResolvers<undefined>();

  constructor() {
    this.socket = rig.connect();
    this.socket.on('message', (data: Buffer) => {
      const message: unknown = JSON.parse(data.toString());
      // Checking twenty thousand numbers each frame would be most of the test.
      if (data.byteLength < 10_000) expect([...Value.Errors(LiveMessage, message)]).toEqual([]);
      this.messages.push(message as Message);
      this.#arrived.resolve(undefined);
      this.#arrived = Promise.withResolvers();
    });
  }

  async subscribe(streams: string[], resume?: { session: string; seq: number }): Promise<void> {
    if (this.socket.readyState !== WebSocket.OPEN) await once(this.socket, 'open');
    this.socket.send(JSON.stringify({ type: 'subscribe', streams, ...(resume && { resume }) }));
  }

  async next(type: Message['type']): Promise<Message> {
    for (;;) {
      const index = this.messages.findIndex((message) => message.type === type);
      const [found] = index < 0 ? [] : this.messages.splice(index, 1);
      if (found) return found;
      await this.#arrived.promise;
    }
  }
}

describe('live socket', () => {
  let seq = 0;
  let passedUs = 0;

  beforeEach(async () => {
    passedUs = 0;
    rig = await liveRig(() => Date.now() * 1000 + passedUs);
  });
  afterEach(() => rig.end());

  const view = async (...streams: string[]): Promise<{ viewer: Viewer; snapshot: Message }> => {
    const viewer = new Viewer();
    await viewer.subscribe(streams);
    return { viewer, snapshot: await viewer.next('snapshot') };
  };
  const publish = (device: string, ...sensors: SensorBlock[]): void => {
    const batch = sampleBatch({ device, seq: ++seq, sensors });
    rig.index.feed(batch);
    rig.hub.take([{ offset: seq, batch, receivedAtUs: 0 }]);
  };

  test('answers a subscription with a snapshot, then sends what comes', async () => {
    publish('a', readings([1], [20]));
    const { viewer, snapshot } = await view('*');
    expect(snapshot['streams']).toMatchObject([{ stream: 'a/s/temperature', lastValue: 20 }]);
    publish('a', readings([2, 3, 4], [21, NaN, 23]), windows(), { ...gap(), reason: ['unplugged'] });
    const delta = await viewer.next('delta');
    expect(delta).toMatchObject({
      readings: [{ stream: 'a/s/temperature', unit: 'Cel', t: [2, 4], v: [21, 23] }],
      windows: [{ stream: 'a/w/level', window: '10s', start: [0], end: [10], count: [4], mean: [2.5], min: [1], max: [4] }],
      gaps: [{ device: 'a', sensor: 's', from: 5, to: 6, reason: 'unplugged' }],
    }); // prettier-ignore
    expect(delta.seq).toBeGreaterThan(snapshot.seq);
  });

  test('gives each viewer what its patterns name, and nothing else', async () => {
    const { viewer: all } = await view('*');
    const { viewer: one } = await view('b/s/*');
    const { viewer: other } = await view('*/s/humidity');
    publish('a', readings([1], [1]));
    await all.next('delta');
    publish('b', readings([2], [2]));
    await all.next('delta');
    expect((await one.next('delta')).readings).toMatchObject([{ stream: 'b/s/temperature' }]);
    expect([...one.messages, ...other.messages]).toEqual([]);
  });

  test('does not keep a viewer waiting for frames that have nothing for it', async () => {
    await view('a/s/*');
    publish('b', readings([1], [1]));
    rig.hub.flush();
    expect(rig.hub.frameIntervalMs).toBeLessThan(50);
  });

  test('joins what comes within one display frame', async () => {
    const { viewer } = await view('*');
    for (let time = 1; time <= 50; time++) publish('a', readings([time], [time]));
    const { readings: parts } = await viewer.next('delta');
    expect(parts).toHaveLength(1);
    expect(parts[0].t).toHaveLength(50);
  });

  test('gives a viewer that comes back what it missed, in order', async () => {
    const { viewer, snapshot } = await view('a/s/*');
    publish('a', readings([1], [1]));
    const { seq: seen } = await viewer.next('delta');
    viewer.socket.terminate();
    await once(viewer.socket, 'close');
    const { viewer: watcher } = await view('*');
    for (const time of [2, 3]) {
      publish('a', readings([time], [time]));
      publish('b', readings([time], [time]));
      await watcher.next('delta');
    }
    const back = new Viewer();
    await back.subscribe(['a/s/*'], { session: snapshot['session'], seq: seen });
    expect((await back.next('delta')).readings).toMatchObject([{ stream: 'a/s/temperature', t: [2] }]);
    expect((await back.next('delta')).readings).toMatchObject([{ stream: 'a/s/temperature', t: [3] }]);
    expect(back.messages).toEqual([]);
  });

  test('gives a snapshot where it no longer has what was missed, or ran anew', async () => {
    const { viewer, snapshot } = await view('*');
    await viewer.subscribe(['*'], { session: 'another', seq: 0 });
    await viewer.next('snapshot');
    await viewer.subscribe(['*'], { session: snapshot['session'], seq: snapshot.seq + 1000 });
    await viewer.next('snapshot');
  });

  test('tells a slow viewer what it was not sent, and goes on with it once it has caught up', async () => {
    const { viewer: slow } = await view('*');
    const { viewer: quick } = await view('*');
    slow.socket.pause();
    for (let frame = 0; frame < 40; frame++) {
      publish('a', manyReadings());
      await quick.next('delta');
    }
    slow.socket.resume();
    expect((await slow.next('lagging')).skipped).toBeGreaterThan(0);
    const got = (): number => slow.messages.filter(({ type }) => type === 'delta').length;
    const before = got();
    while (got() === before) {
      publish('a', readings([1], [1]));
      await quick.next('delta');
    }
    expect(rig.hub.cut).toBe(0);
  }, 30_000);

  test('cuts a viewer that stays slow, and goes on for the others', async () => {
    const { viewer: frozen } = await view('*');
    const { viewer: quick } = await view('*');
    const closed = once(frozen.socket, 'close');
    frozen.socket.pause();
    while (rig.hub.cut === 0) {
      publish('a', manyReadings());
      await quick.next('delta');
      passedUs += 1_000_000;
    }
    expect(quick.socket.readyState).toBe(WebSocket.OPEN);
    expect(rig.hub.viewers).toBe(1);
    frozen.socket.resume();
    await closed;
  }, 30_000);

  test.each([
    ['another origin', { origin: 'http://evil.example' }, 403],
    ['another host', { host: 'evil.example' }, 403],
    ['its own origin', { origin: 'OWN' }, 101],
  ])('answers a page of %s', async (_what, headers, status) => {
    const own = rig.url.replace('ws:', 'http:').replace('/api/v1/live', '');
    const given = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replace('OWN', own)]),
    );
    const socket = rig.connect({ headers: given });
    const [event] = await Promise.race([
      once(socket, 'open').then(() => [101]),
      once(socket, 'unexpected-response').then(([, response]) => [response.statusCode]),
    ]);
    expect(event).toBe(status);
  });

  test.each([
    'nonsense',
    '{"type":"subscribe"}',
    '{"type":"subscribe","streams":[1]}',
    '{"type":"subscribe","streams":[],"x":1}',
  ])('closes on %s by name', async (text) => {
    const socket = rig.connect();
    await once(socket, 'open');
    socket.send(text);
    const [code] = await once(socket, 'close');
    expect(code).toBe(1008);
  });

  test('closes on a message beyond the limit', async () => {
    const socket = rig.connect();
    await once(socket, 'open');
    socket.send('x'.repeat(100_000));
    const [code] = await once(socket, 'close');
    expect(code).toBe(1009);
  });
});

function readings(t: number[], v: number[]): SensorBlock {
  const field = { unit: 'Cel', v: Float64Array.from(v) };
  return {
    sensor: 's',
    type: 'thermometer',
    kind: 'readings',
    t: Float64Array.from(t),
    fields: { temperature: field },
  };
}

function manyReadings(): SensorBlock {
  const times = Array.from({ length: 20_000 }, (_, at) => at);
  return readings(
    times,
    times.map((time) => time + 0.123456789),
  );
}

function windows(): SensorBlock {
  const [one, zero] = [Float64Array.of(1), Float64Array.of(0)];
  const level = { unit: 'm', count: Float64Array.of(4), sum: Float64Array.of(10), min: one, max: Float64Array.of(4), first: one, last: one, m2: zero }; // prettier-ignore
  return { sensor: 'w', type: 'adc', kind: 'windows', window: '10s', start: zero, end: Float64Array.of(10), fields: { level } }; // prettier-ignore
}

function gap(): Extract<SensorBlock, { kind: 'gaps' }> {
  return {
    sensor: 's',
    type: 'thermometer',
    kind: 'gaps',
    from: Float64Array.of(5),
    to: Float64Array.of(6),
    reason: [],
  };
}
