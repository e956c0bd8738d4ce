import { once } from 'node:events';
import { duplexPair, type Duplex } from 'node:stream';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { LaneFlush, laneBatchesMax, type LanePublish } from './batch-lane.ts';
import { GuardedSocket, type Gate } from './guarded-socket.ts';

const topic = 'fieldline/v1/porch/batch';
const packetBytes = 1000;
const opened: { destroy(): unknown }[] = [];

afterEach(() => {
  for (const each of opened.splice(0)) each.destroy();
});

interface Taken {
  readonly payload: string;
  readonly publish: LanePublish;
}

interface Pair {
  readonly peer: Duplex;
  readonly guard: GuardedSocket;
  /** What the lane took, in order. */
  readonly taken: Taken[];
  /** What the library would read. */
  readonly passed: () => Buffer;
  readonly cuts: string[];
}

/** A guard whose session is open, with a lane. */
async function makeSession(gate: Partial<Gate> = {}): Promise<Pair> {
  const [peer, near] = duplexPair();
  const cuts: string[] = [];
  const taken: Taken[] = [];
  const chunks: Buffer[] = [];
  const openGate: Gate = { full: false, whenRelieved: () => undefined, forget: () => undefined };
  const guarding = Object.assign(gate, { ...openGate, ...gate });
  const guard = new GuardedSocket(near, {
    connectBytes: 50,
    packetBytes,
    keptBytes: 10,
    connectTimeoutMs: 10_000,
    gate: guarding,
    onCut: (code) => cuts.push(code),
    onOversized: () => true,
  });
  opened.push(guard, peer);
  guard.on('data', (chunk: Buffer) => chunks.push(chunk));
  peer.write(connect);
  await once(guard, 'data');
  chunks.length = 0;
  guard.open({
    topic,
    packetBytes,
    isGateFull: () => guarding.full,
    take: (payload, publish) => taken.push({ payload: Buffer.from(payload).toString(), publish }),
    flush: new LaneFlush(),
  });
  return { peer, guard, taken, passed: () => Buffer.concat(chunks), cuts };
}

function packet(first: number, body: Buffer): Buffer {
  const length = body.length < 128 ? [body.length] : [(body.length % 128) + 128, body.length >> 7];
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

function publish(first: number, to: string, packetId: number, payload: string): Buffer {
  const head = Buffer.from([0, to.length, ...Buffer.from(to), packetId >> 8, packetId & 0xff]);
  return packet(first, Buffer.concat([head, Buffer.from(payload)]));
}

const connect = packet(0x10, Buffer.alloc(20, 1));
const ping = packet(0xc0, Buffer.alloc(0));
const batch = (packetId: number, payload = `batch ${packetId}`): Buffer =>
  publish(0x32, topic, packetId, payload);

/** Two turns of the event loop a chunk: `duplexPair` hands each over in a turn of its own. */
async function settleAll(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
}

async function read(stream: Duplex, sizeBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let left = sizeBytes; left > 0;) {
    const chunk: unknown = stream.read();
    if (chunk instanceof Buffer) {
      chunks.push(chunk);
      left -= chunk.length;
    } else await once(stream, 'readable');
  }
  return Buffer.concat(chunks);
}

const acknowledgements = (...ids: number[]): Buffer =>
  Buffer.from(ids.flatMap((id) => [0x40, 2, id >> 8, id & 0xff]));

describe('the lane of a session', () => {
  const others = [
    ping,
    publish(0x32, 'fieldline/v1/porch/status', 9, 'status'),
    publish(0x30, topic, 0x4142, 'QoS 0'),
  ];
  const session = Buffer.concat([
    batch(1),
    others[0]!,
    others[1]!,
    publish(0x3a, topic, 2, 'again'),
    others[2]!,
    batch(3),
  ]);

  test('takes its batches and leaves everything else as it is, split at every byte', async () => {
    for (let at = 1; at < session.length; at++) {
      const { peer, guard, taken, passed, cuts } = await makeSession();
      peer.write(session.subarray(0, at));
      await settleAll();
      peer.write(session.subarray(at));
      await settleAll();
      expect(taken.map(({ payload }) => payload)).toEqual(['batch 1', 'again', 'batch 3']);
      expect(passed()).toEqual(Buffer.concat(others));
      expect(cuts).toEqual([]);
      guard.destroy();
    }
  });

  test('takes them from a session that comes byte by byte', async () => {
    const { peer, taken, passed } = await makeSession();
    for (const byte of session) peer.write(Buffer.from([byte]));
    while (passed().length < Buffer.concat(others).length) await settleAll();
    await settleAll();
    expect(taken.map(({ payload }) => payload)).toEqual(['batch 1', 'again', 'batch 3']);
    expect(passed()).toEqual(Buffer.concat(others));
  });

  test.each([
    ['with QoS 0', publish(0x30, topic, 1, 'x')],
    ['with QoS 2', publish(0x34, topic, 1, 'x')],
    ['retained', publish(0x33, topic, 1, 'x')],
    ['with packet id 0', publish(0x32, topic, 0, 'x')],
    ['of another device', publish(0x32, 'fieldline/v1/attic/batch', 1, 'x')],
    ['of a longer topic', publish(0x32, `${topic}s`, 1, 'x')],
    ['whose topic is longer than it is', packet(0x32, Buffer.from([0, 200, 1, 2, 3]))],
    ['without a packet id', packet(0x32, Buffer.from([0, topic.length, ...Buffer.from(topic)]))],
  ])('leaves a batch %s to the library', async (_what, bytes) => {
    const { peer, taken, passed } = await makeSession();
    peer.write(Buffer.concat([bytes, ping]));
    await settleAll();
    expect(passed()).toEqual(Buffer.concat([bytes, ping]));
    expect(taken).toEqual([]);
  });

  test('loses, doubles and reorders nothing, whatever comes in whatever pieces', async () => {
    const payload = fc.string({ maxLength: 300 }).map((text) => text.replaceAll(/[^ -~]/g, '.'));
    const kinds = [
      fc.tuple(fc.constant('batch' as const), payload),
      fc.tuple(fc.constant('other' as const), payload),
      fc.tuple(fc.constant('ping' as const), fc.constant('')),
    ];
    const packets = fc.array(fc.oneof(...kinds), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        packets,
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
        async (list, cuts) => {
          const { peer, guard, taken, passed } = await makeSession();
          const bytes = list.map(([kind, text], index) => {
            if (kind === 'ping') return ping;
            return publish(0x32, kind === 'batch' ? topic : 'fieldline/v1/porch/status', index + 1, text);
          });
          const all = Buffer.concat(bytes);
          for (let at = 0, cut = 0; at < all.length; cut++) {
            const end = at + (cuts[cut % cuts.length] ?? 1);
            peer.write(all.subarray(at, end));
            at = end;
          }
          const rest = Buffer.concat(bytes.filter((_, index) => list[index]?.[0] !== 'batch'));
          const batches = list.flatMap(([kind, text]) => (kind === 'batch' ? [text] : []));
          while (taken.length < batches.length || passed().length < rest.length) await settleAll();
          expect(taken.map((each) => each.payload)).toEqual(batches);
          expect(passed()).toEqual(rest);
          guard.destroy();
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('the acknowledgements of a lane', () => {
  test('come in the order of the batches, in whatever order these settle', async () => {
    const { peer, taken } = await makeSession();
    peer.write(Buffer.concat([batch(0x1234), batch(2), batch(3)]));
    await settleAll();
    taken[2]?.publish.settle(true);
    taken[1]?.publish.settle(true);
    await settleAll();
    expect(peer.read()).toBeNull();
    taken[0]?.publish.settle(true);
    expect(await read(peer, 12)).toEqual(acknowledgements(0x1234, 2, 3));
  });

  test('end with the first batch that could not be stored, and so does the connection', async () => {
    const { peer, guard, taken } = await makeSession();
    const closed = once(guard, 'close');
    peer.write(Buffer.concat([batch(1), batch(2), batch(3)]));
    await settleAll();
    taken[1]?.publish.settle(false);
    taken[0]?.publish.settle(true);
    taken[2]?.publish.settle(true);
    await closed;
    await settleAll();
    expect(peer.read()).toBeNull();
  });

  test('are not written to a connection that is gone', async () => {
    const { peer, guard, taken } = await makeSession();
    peer.write(batch(1));
    await settleAll();
    guard.destroy();
    expect(() => taken[0]?.publish.settle(true)).not.toThrow();
    await settleAll();
    expect(peer.read()).toBeNull();
  });
});

describe('a socket with a lane is not read', () => {
  test('while the stages behind it are full', async () => {
    const relieved: (() => void)[] = [];
    const gate = { full: true, whenRelieved: (go: () => void) => void relieved.push(go) };
    const { peer, taken } = await makeSession(gate);
    peer.write(Buffer.concat([batch(1), batch(2)]));
    await settleAll();
    expect(taken).toEqual([]);
    gate.full = false;
    for (const go of relieved) go();
    await settleAll();
    expect(taken.map(({ payload }) => payload)).toEqual(['batch 1', 'batch 2']);
  });

  test('beyond the batches of one connection, and is read again as they settle', async () => {
    const { peer, taken } = await makeSession();
    const total = laneBatchesMax + 100;
    peer.write(Buffer.concat(Array.from({ length: total }, (_, index) => batch(index + 1, 'x'))));
    while (taken.length < laneBatchesMax) await settleAll();
    await settleAll();
    expect(taken.length).toBe(laneBatchesMax);
    for (const { publish: each } of taken.splice(0)) each.settle(true);
    while (taken.length < 100) await settleAll();
    expect(taken.length).toBe(100);
  });

  test('while its peer does not read its acknowledgements', async () => {
    const { peer, guard, taken } = await makeSession();
    let sent = 0;
    while (!guard.writableNeedDrain) {
      peer.write(batch((sent++ % 60_000) + 1, 'x'));
      await new Promise(setImmediate);
      for (const { publish: each } of taken.splice(0)) each.settle(true);
    }
    peer.write(Buffer.concat([batch(1, 'held back'), ping]));
    await settleAll();
    expect(taken).toEqual([]);
    peer.resume();
    while (taken.length === 0) await settleAll();
    expect(taken.map(({ payload }) => payload)).toEqual(['held back']);
  });
});

describe('the keep-alive', () => {
  test('is fed by batches, and cuts a session that is silent for one and a half times its length', async () => {
    const { peer, guard, cuts, taken } = await makeSession();
    guard.keepAliveSec = 10;
    peer.write(batch(1));
    while (taken.length === 0) await settleAll();
    const fedMs = performance.now();
    guard.checkKeepAlive(fedMs + 14_000);
    expect(cuts).toEqual([]);
    guard.checkKeepAlive(fedMs + 15_001);
    expect(cuts).toEqual(['KEEPALIVE_TIMEOUT']);
    expect(guard.destroyed).toBe(true);
  });

  test('is fed by every other packet too, and is off where CONNECT said 0', async () => {
    const { peer, guard, cuts, passed } = await makeSession();
    guard.checkKeepAlive(performance.now() + 1e9);
    guard.keepAliveSec = 10;
    const beforeMs = performance.now();
    peer.write(ping);
    while (passed().length === 0) await settleAll();
    guard.checkKeepAlive(beforeMs + 15_000);
    expect(cuts).toEqual([]);
  });

  test('does not run while the socket is not read', async () => {
    const gate = { full: true };
    const { peer, guard, cuts } = await makeSession(gate);
    guard.keepAliveSec = 1;
    peer.write(batch(1));
    await settleAll();
    guard.checkKeepAlive(performance.now() + 60_000);
    expect(cuts).toEqual([]);
  });
});
