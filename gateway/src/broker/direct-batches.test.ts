import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { batchTopic, encodeBatch, statusTopic } from '@fieldline/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../ingest/batch-digest.ts';
import { batchOf, startRig, type GatewayRig } from '../gateway-rig.ts';

let direct: GatewayRig;
let library: GatewayRig;
let sessions = 0;

beforeAll(async () => {
  [direct, library] = await Promise.all([startRig(), startRig({ directBatches: false })]);
});
afterAll(() => Promise.all([direct.end(), library.end()]));

/** What a device may do in one packet: `seq` counts its batches. */
type Step = (device: string, seq: number, packetId: number) => { bytes: Buffer; answerBytes: number };

function packet(first: number, body: Uint8Array): Buffer {
  const length: number[] = [];
  for (let rest = body.length; length.length === 0 || rest > 0; rest = Math.floor(rest / 128)) {
    length.push((rest % 128) + (rest >= 128 ? 128 : 0));
  }
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);
}

function publish(first: number, topic: string, packetId: number, payload: Uint8Array): Buffer {
  const id = (first & 0x06) === 0 ? [] : [packetId >> 8, packetId & 0xff];
  return packet(first, Buffer.concat([text(topic), Buffer.from(id), payload]));
}

const batchStep =
  (first: number, seqOf: (seq: number) => number, value = 20): Step =>
  (device, seq, packetId) => ({
    bytes: publish(first, batchTopic(device), packetId, encodeBatch(batchOf(device, seqOf(seq), { value }))),
    answerBytes: first === 0x30 ? 0 : 4,
  });

const steps: Readonly<Record<string, Step>> = {
  batch: batchStep(0x32, (seq) => seq),
  'a batch that is said to come again': batchStep(0x3a, (seq) => seq),
  'the batch before again': batchStep(0x32, (seq) => Math.max(1, seq - 1)),
  'the batch before with other content': batchStep(0x32, (seq) => Math.max(1, seq - 1), 99),
  'a batch with QoS 0': batchStep(0x30, (seq) => seq),
  'a batch with QoS 2': batchStep(0x34, (seq) => seq),
  'a retained batch': batchStep(0x33, (seq) => seq),
  'bytes that are no batch': (device, _seq, packetId) => ({
    bytes: publish(0x32, batchTopic(device), packetId, Buffer.from('hello')),
    answerBytes: 4,
  }),
  'an empty batch': (device, _seq, packetId) => ({
    bytes: publish(0x32, batchTopic(device), packetId, Buffer.alloc(0)),
    answerBytes: 4,
  }),
  'the batch of another device': (device, seq, packetId) => ({
    bytes: publish(0x32, batchTopic(device), packetId, encodeBatch(batchOf('attic', seq))),
    answerBytes: 4,
  }),
  "another device's topic": (_device, seq, packetId) => ({
    bytes: publish(0x32, batchTopic('attic'), packetId, encodeBatch(batchOf('attic', seq))),
    answerBytes: 4,
  }),
  'a status': (device, _seq, packetId) => ({
    bytes: publish(0x33, statusTopic(device), packetId, Buffer.from('{}')),
    answerBytes: 4,
  }),
  'a ping': () => ({ bytes: packet(0xc0, Buffer.alloc(0)), answerBytes: 2 }),
  'a subscription': (device, _seq, packetId) => ({
    bytes: packet(
      0x82,
      Buffer.concat([
        Buffer.from([packetId >> 8, packetId & 0xff]),
        text(`fieldline/v1/${device}/command`),
        Buffer.from([1]),
      ]),
    ),
    answerBytes: 5,
  }),
};

async function openSession(rig: GatewayRig, device: string): Promise<Socket> {
  const password = await rig.addDevice(device);
  const { hostname, port } = new URL(rig.gateway.mqttUrl);
  const socket = connect(Number(port), hostname);
  const head = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0xc2, 0, 0]);
  socket.write(packet(0x10, Buffer.concat([head, text(device), text(device), text(password)])));
  await once(socket, 'readable');
  const connack: unknown = socket.read();
  expect(connack).toEqual(Buffer.from([0x20, 2, 0, 0]));
  return socket;
}

async function readBytes(socket: Socket, sizeBytes: number): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < sizeBytes) {
    const chunk: unknown = socket.read();
    if (chunk instanceof Buffer) bytes = Buffer.concat([bytes, chunk]);
    else await once(socket, 'readable');
  }
  return bytes;
}

/** The packets of an answer: first byte and what follows its length. */
function packetsOf(bytes: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += 2 + bytes[at + 1]!) {
    found.push(bytes.subarray(at, at + 2 + bytes[at + 1]!).toString('hex'));
  }
  return found;
}

/** What the session of a new device is answered, in order. */
async function answersTo(
  rig: GatewayRig,
  device: string,
  names: readonly string[],
  pieceBytes: number,
): Promise<string[]> {
  const socket = await openSession(rig, device);
  let seq = 0;
  let answerBytes = 0;
  const packets = names.map((name, index) => {
    if (name.startsWith('batch') || name.startsWith('a batch that')) seq += 1;
    const step = steps[name]!(device, Math.max(1, seq), index + 1);
    answerBytes += step.answerBytes;
    return step.bytes;
  });
  const bytes = Buffer.concat(packets);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    socket.write(bytes.subarray(at, at + pieceBytes));
    if (pieceBytes < 100) await new Promise(setImmediate);
  }
  const answers = packetsOf(await readBytes(socket, answerBytes));
  socket.destroy();
  return answers;
}

describe('batches straight from the socket, and through the library', () => {
  test('are acknowledged and journaled alike, whatever comes with them in whatever pieces', async () => {
    const names = fc.array(
      fc.oneof({ weight: 4, arbitrary: fc.constant('batch') }, fc.constantFrom(...Object.keys(steps))),
      {
        minLength: 1,
        maxLength: 25,
      },
    );
    const piece = fc.oneof(fc.constant(100_000), fc.integer({ min: 7, max: 1500 }));
    await fc.assert(
      fc.asyncProperty(names, piece, async (list, pieceBytes) => {
        const device = `porch-${++sessions}`;
        const [quick, slow] = await Promise.all([
          answersTo(direct, device, list, pieceBytes),
          answersTo(library, device, list, pieceBytes),
        ]);
        expect(quick.toSorted()).toEqual(slow.toSorted());
        const lane = quick.filter((each) => each.startsWith('4002'));
        const own = new Set(list.flatMap((name, index) => (laneSteps.has(name) ? [index + 1] : [])));
        const ids = lane.map((each) => Number.parseInt(each.slice(4), 16)).filter((id) => own.has(id));
        expect(ids).toEqual(ids.toSorted((a, b) => a - b));
      }),
      { numRuns: 25 },
    );
    expect(await refusals(direct)).toEqual(await refusals(library));
    expect((await direct.ledger()).total).toEqual((await library.ledger()).total);
    expect(await journalOf(direct)).toEqual(await journalOf(library));
  });
});

/** What goes through the lane, where there is one. */
const laneSteps = new Set([
  'batch',
  'a batch that is said to come again',
  'the batch before again',
  'the batch before with other content',
  'bytes that are no batch',
  'an empty batch',
  'the batch of another device',
]);

async function refusals(rig: GatewayRig): Promise<Record<string, number>> {
  const codes = ['SEQ_CONFLICT', 'BATCH_UNDECODABLE', 'BATCH_WRONG_DEVICE', 'TOPIC_DENIED', 'STATUS_INVALID'];
  const more = ['BATCH_QOS_DENIED', 'BATCH_RETAIN_DENIED'];
  const counted = await Promise.all([...codes, ...more].map(async (code) => [code, await rig.refused(code)]));
  return Object.fromEntries(counted) as Record<string, number>;
}

/** By device, since the sessions of two devices run beside each other. */
async function journalOf(rig: GatewayRig): Promise<Record<string, string[]>> {
  const byDevice: Record<string, string[]> = {};
  for (const { batch } of await rig.stopAndReadJournal()) {
    (byDevice[batch.device] ??= []).push(`${batch.epoch} ${batch.seq} ${digestOf(batch)}`);
  }
  return byDevice;
}
