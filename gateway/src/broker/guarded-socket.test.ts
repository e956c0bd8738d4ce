import { once } from 'node:events';
import { duplexPair, type Duplex } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { GuardedSocket, type Gate } from './guarded-socket.ts';
import type { OversizedPublish } from './swallowed-publish.ts';

const opened: { destroy(): unknown }[] = [];

afterEach(() => {
  for (const each of opened.splice(0)) each.destroy();
});

interface Pair {
  readonly peer: Duplex;
  readonly guard: GuardedSocket;
  readonly cuts: string[];
  readonly oversized: OversizedPublish[];
}

const openGate: Gate = { full: false, whenRelieved: () => undefined, forget: () => undefined };

function makePair(gate: Gate = openGate): Pair {
  const [peer, near] = duplexPair();
  const cuts: string[] = [];
  const oversized: OversizedPublish[] = [];
  const guard = new GuardedSocket(near, {
    connectBytes: 50,
    packetBytes: 100,
    keptBytes: 10,
    connectTimeoutMs: 10_000,
    gate,
    onCut: (code) => cuts.push(code),
    onOversized: (publish) => oversized.push(publish) > 0,
  });
  opened.push(guard);
  return { peer, guard, cuts, oversized };
}

/** A packet with this first byte and body; its length in as few bytes as it takes. */
function packet(first: number, body: Buffer): Buffer {
  const length: number[] = [];
  for (let rest = body.length; length.length === 0 || rest > 0; rest = Math.floor(rest / 128)) {
    length.push((rest % 128) + (rest >= 128 ? 128 : 0));
  }
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

function publish(topic: string, packetId: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(2 + topic.length + 2);
  head.writeUInt16BE(topic.length);
  head.write(topic, 2);
  head.writeUInt16BE(packetId, 2 + topic.length);
  return packet(0x32, Buffer.concat([head, payload]));
}

/** Reads from `stream` until `sizeBytes` have come. */
async function readBytes(stream: NodeJS.ReadableStream, sizeBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  while (size < sizeBytes) {
    const chunk: unknown = stream.read();
    if (chunk instanceof Buffer) {
      chunks.push(chunk);
      size += chunk.length;
    } else await once(stream, 'readable');
  }
  return Buffer.concat(chunks);
}

const connectPacket = packet(0x10, Buffer.alloc(20, 1));
const ping = packet(0xc0, Buffer.alloc(0));

describe('GuardedSocket', () => {
  test('passes a session on unchanged, split at every byte', async () => {
    const session = Buffer.concat([connectPacket, ping, publish('a/b', 7, Buffer.alloc(80, 9)), ping]);
    for (let at = 1; at < session.length; at++) {
      const { peer, guard, cuts } = makePair();
      peer.write(session.subarray(0, at));
      peer.write(session.subarray(at));
      const beginning = await readBytes(guard, connectPacket.length);
      expect(beginning).toEqual(connectPacket);
      guard.open();
      expect(
        Buffer.concat([beginning, await readBytes(guard, session.length - connectPacket.length)]),
      ).toEqual(session);
      expect(cuts).toEqual([]);
      guard.destroy();
    }
  });

  test('holds back what follows CONNECT until the session is open', async () => {
    const { peer, guard } = makePair();
    peer.write(Buffer.concat([connectPacket, ping]));
    expect(await readBytes(guard, connectPacket.length)).toEqual(connectPacket);
    expect(guard.read()).toBeNull();
    guard.open();
    expect(await readBytes(guard, ping.length)).toEqual(ping);
  });

  test.each([
    ['another packet first', ping, 'CONNECT_MALFORMED'],
    ['text', Buffer.from('GET / HTTP/1.1\r\n'), 'CONNECT_MALFORMED'],
    ['a CONNECT beyond the limit', packet(0x10, Buffer.alloc(60)), 'CONNECT_TOO_LARGE'],
    ['a length of five bytes', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0x01]), 'CONNECT_MALFORMED'],
  ])('cuts off %s', async (_name, bytes, code) => {
    const { peer, guard, cuts } = makePair();
    guard.resume();
    peer.write(bytes);
    await once(guard, 'close');
    expect(cuts).toEqual([code]);
  });

  test('cuts off a large packet that no acknowledgement could settle', async () => {
    const { peer, guard, cuts } = makePair();
    guard.resume();
    peer.write(connectPacket);
    await once(guard, 'data');
    guard.open();
    peer.write(packet(0x34, Buffer.alloc(200)));
    await once(guard, 'close');
    expect(cuts).toEqual(['PACKET_TOO_LARGE']);
  });

  test.each([1, 2, 3, 5, 50, 149])('reads past a large publish in pieces of %i bytes', async (pieceBytes) => {
    const { peer, guard, oversized } = makePair();
    peer.write(connectPacket);
    await readBytes(guard, connectPacket.length);
    guard.open();
    const large = publish('fieldline/v1/porch/batch', 0x1234, Buffer.from('0123456789'.repeat(12)));
    for (let at = 0; at < large.length; at += pieceBytes) peer.write(large.subarray(at, at + pieceBytes));
    peer.write(ping);
    expect(await readBytes(guard, ping.length)).toEqual(ping);
    expect(oversized).toEqual([
      {
        topic: 'fieldline/v1/porch/batch',
        packetId: 0x1234,
        sizeBytes: 120,
        payload: Buffer.from('0123456789'.repeat(12)).subarray(0, oversized[0]?.payload.length ?? 0),
      },
    ]);
    expect(await readBytes(peer, 4)).toEqual(Buffer.from([0x40, 2, 0x12, 0x34]));
  });

  test('cuts off a large publish whose topic is said to be longer than the packet', async () => {
    const { peer, guard, cuts, oversized } = makePair();
    peer.write(connectPacket);
    await readBytes(guard, connectPacket.length);
    guard.open();
    peer.write(packet(0x32, Buffer.alloc(200, 0xff)));
    await once(guard.resume(), 'close');
    expect(cuts).toEqual(['PACKET_MALFORMED']);
    expect(oversized).toEqual([]);
  });

  test('reads nothing while the stages behind it are full', async () => {
    let resume: () => void = () => undefined;
    const gate = { full: true, whenRelieved: (go: () => void) => (resume = go), forget: () => undefined };
    const { peer, guard } = makePair(gate);
    peer.write(connectPacket);
    await readBytes(guard, connectPacket.length);
    guard.open();
    const flood = Buffer.concat(Array.from({ length: 2000 }, () => publish('a', 1, Buffer.alloc(80))));
    peer.write(flood);
    expect(guard.read()).toBeNull();
    expect(guard.readableLength).toBe(0);
    gate.full = false;
    resume();
    expect(await readBytes(guard, flood.length)).toEqual(flood);
  });

  test('still delivers what came before the peer ended', async () => {
    const { peer, guard } = makePair();
    peer.end(Buffer.concat([connectPacket, ping]));
    await readBytes(guard, connectPacket.length);
    guard.open();
    expect(await readBytes(guard, ping.length)).toEqual(ping);
    guard.resume();
    await once(guard, 'end');
  });
});
