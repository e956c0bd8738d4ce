import { once } from 'node:events';
import { connect } from 'node:net';
import { batchTopic, encodeBatch } from '@fieldline/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../services/wait.ts';
import { batchOf, startBatchSender, type BatchSender } from './batch-sender.ts';
import { startGatewayView, type GatewayView } from './gateway-view.ts';

const device = 'porch';
const limitBytes = 2 ** 20;

let gateway: GatewayView;
let sender: BatchSender;

beforeAll(async () => {
  gateway = await startGatewayView();
  sender = await startBatchSender(gateway, device);
});
afterAll(async () => {
  await sender.end();
  await gateway.end();
});

const byBroker = 'fieldline_mqtt_refused_total';
const byIngest = 'fieldline_ingest_refused_total';

/** `work` makes this counter go up by one, and the gateway tell of it once, with the remedy. */
async function expectCountedAndTold(
  { counter, code, about, remedy }: { counter: string; code: string; about: string; remedy: RegExp },
  work: () => Promise<unknown>,
): Promise<void> {
  const before = await gateway.counter(counter, `code="${code}"`);
  await work();
  await eventually(`${code} counted`, async () =>
    (await gateway.counter(counter, `code="${code}"`)) === before + 1 ? true : undefined,
  );
  const { msg } = await gateway.process.told(code, about);
  expect(msg).toMatch(remedy);
  await sender.expectNextStored();
}

/** Sends bytes on a connection of its own, and waits until the gateway has closed it. */
async function sendRaw(bytes: Buffer): Promise<void> {
  const { hostname, port } = new URL(gateway.ready.mqtt);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write(bytes);
  socket.resume();
  await closed;
}

describe('before CONNECT', () => {
  test('what is no MQTT is cut off', () =>
    expectCountedAndTold(
      { counter: byBroker, code: 'CONNECT_MALFORMED', about: '127.0.0.1', remedy: /MQTT 3\.1\.1 clients/ },
      () => sendRaw(Buffer.from('GET / HTTP/1.1\r\n\r\n')),
    ));

  test('a CONNECT that declares 200 MiB is cut off at its head', () =>
    expectCountedAndTold(
      { counter: byBroker, code: 'CONNECT_TOO_LARGE', about: '127.0.0.1', remedy: /limit/ },
      () => sendRaw(Buffer.from([0x10, 0x80, 0x80, 0x80, 0x64])),
    ));

  test('a wrong password is refused by the name of the device', () =>
    expectCountedAndTold(
      { counter: byBroker, code: 'CREDENTIAL_REFUSED', about: device, remedy: /fieldline device add/ },
      () => expect(sender.connectAs('wrong')).rejects.toThrow(/not authorized/i),
    ));
});

describe('in an open session', () => {
  test('bytes that are no MQTT end that session alone', () =>
    expectCountedAndTold(
      { counter: byBroker, code: 'PACKET_MALFORMED', about: device, remedy: /proxy/ },
      async () => {
        const closed = new Promise<void>((resolve) => sender.client.once('close', () => resolve()));
        sender.client.stream.write(Buffer.from([0x32, 0xff, 0xff, 0xff, 0xff, 0xff]));
        await closed;
      },
    ));

  test('a batch on the topic of another device is acknowledged, kept and goes no further', async () => {
    const topic = batchTopic('attic');
    const about = { code: 'TOPIC_DENIED', about: 'attic', remedy: /own device id/ };
    await expectCountedAndTold({ counter: byBroker, ...about }, () =>
      sender.client.publishAsync(topic, Buffer.from('{}'), { qos: 1 }),
    );
    expect((await gateway.deadLetters())[0]).toMatchObject({ code: 'TOPIC_DENIED', device, topic });
  });

  test.each([
    [
      'that names another device',
      () => encodeBatch({ ...batchOf(device, 1), device: 'attic' }),
      'BATCH_WRONG_DEVICE',
      /cloned/,
    ],
    ['that is neither CBOR nor JSON', () => Buffer.from('hello'), 'BATCH_UNDECODABLE', /dead letters/],
    ['that is no batch', () => Buffer.from('{"v":1}'), 'BATCH_INVALID', /wire\.md/],
    ['beyond the limit', () => Buffer.alloc(limitBytes + 1, 0x20), 'BATCH_TOO_LARGE', /limits\.batchBytes/],
  ])('a batch %s becomes a dead letter', async (_name, payloadOf, code, remedy) => {
    const payload = Buffer.from(payloadOf());
    await expectCountedAndTold({ counter: byIngest, code, about: device, remedy }, () =>
      sender.client.publishAsync(batchTopic(device), payload, { qos: 1 }),
    );
    expect((await gateway.deadLetters())[0]).toMatchObject({ code, device, sizeBytes: payload.length });
  });
});
