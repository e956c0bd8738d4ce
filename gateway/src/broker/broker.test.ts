import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { batchTopic, encodeBatch, type PipelineAnswer, type Status } from '@fieldline/protocol';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { batchOf, closeOf, publishBatch, startRig, type GatewayRig } from '../gateway-rig.ts';

let rig: GatewayRig;
let devices = 0;

beforeAll(async () => {
  rig = await startRig({ limits: { connectTimeout: '300ms', unauthenticatedConnections: 4 } });
});
afterAll(() => rig.end());

/** A device of its own for each test, so that the tests share one gateway and nothing else. */
async function newDevice(): Promise<{ device: string; password: string; client: mqtt.MqttClient }> {
  devices += 1;
  const device = `porch-${devices}`;
  const password = await rig.addDevice(device);
  return { device, password, client: await rig.connect(device, password) };
}

async function expectNextBatchStored(client: mqtt.MqttClient, device: string): Promise<void> {
  await publishBatch(client, batchOf(device, 1));
  const row = (await rig.ledger()).devices.find((each) => each.device === device);
  expect(row).toMatchObject({ taken: 1, unaccounted: 0 });
}

/** Expects that `work` makes the gateway count `code`, `times` times. */
async function expectCounted(code: string, work: () => Promise<unknown>, times = 1): Promise<void> {
  const before = await rig.refused(code);
  await work();
  await expect.poll(() => rig.refused(code)).toBe(before + times);
}

/** A TCP connection to the broker, for what no MQTT client would send. */
async function rawSocket(): Promise<{ socket: Socket; closed: Promise<void> }> {
  const { hostname, port } = new URL(rig.gateway.mqttUrl);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  await once(socket, 'connect');
  socket.resume();
  return { socket, closed };
}

async function errorsByStage(): Promise<Record<string, number>> {
  const response = await fetch(`${rig.gateway.httpUrl}/api/v1/pipeline`);
  const { stages } = (await response.json()) as PipelineAnswer;
  return Object.fromEntries(stages.map(({ name, errors }) => [name, errors]));
}

const status: Status = {
  online: true,
  agentVersion: '0.1.0',
  configVersion: 1,
  bootId: 'boot-1',
  clock: 'synced',
  startedAt: 1_700_000_000_000_000,
};

describe('what the rules deny is acknowledged, counted and followed by the next good batch', () => {
  test.each([
    ['a forged $SYS topic', '$SYS/x/new/clients', { qos: 1 }, 'TOPIC_DENIED'],
    ['a batch for another device', 'fieldline/v1/attic/batch', { qos: 1 }, 'TOPIC_DENIED'],
    ['a topic with a control character', 'fieldline/v1/DEVICE/batch\u0001', { qos: 1 }, 'TOPIC_DENIED'],
    [
      'the topic of the desired configuration',
      'fieldline/v1/DEVICE/config/desired',
      { qos: 1 },
      'TOPIC_DENIED',
    ],
    ['a retained batch', 'fieldline/v1/DEVICE/batch', { qos: 1, retain: true }, 'BATCH_RETAIN_DENIED'],
    ['a batch with QoS 0', 'fieldline/v1/DEVICE/batch', { qos: 0 }, 'BATCH_QOS_DENIED'],
    ['a batch with QoS 2', 'fieldline/v1/DEVICE/batch', { qos: 2 }, 'BATCH_QOS_DENIED'],
    ['a status that is none', 'fieldline/v1/DEVICE/status', { qos: 1, retain: true }, 'STATUS_INVALID'],
  ] as const)('%s', async (_name, topic, options, code) => {
    const { device, client } = await newDevice();
    const payload = Buffer.from(encodeBatch(batchOf(device, 1)));
    await expectCounted(code, () => client.publishAsync(topic.replace('DEVICE', device), payload, options));
    await expectNextBatchStored(client, device);
    expect(rig.log.some((line) => line.includes(code) && line.includes(device))).toBe(true);
  });

  test.each([
    ['bytes that are nothing', Buffer.from('hello'), 'BATCH_UNDECODABLE'],
    ['JSON that is no batch', Buffer.from('{"v":1}'), 'BATCH_INVALID'],
    ['another device', Buffer.from(encodeBatch(batchOf('attic', 1))), 'BATCH_WRONG_DEVICE'],
    ['more than the limit', Buffer.alloc(2 ** 20 + 10, 0x20), 'BATCH_TOO_LARGE'],
    ['more than any packet', Buffer.alloc(5 * 2 ** 20, 0x20), 'BATCH_TOO_LARGE'],
  ])('a batch of %s becomes a dead letter', async (_name, payload, code) => {
    const { device, client } = await newDevice();
    await expectCounted(code, () => client.publishAsync(batchTopic(device), payload, { qos: 1 }));
    await expectNextBatchStored(client, device);
    const letter = (await rig.deadLetters()).find((each) => each.device === device);
    expect(letter).toMatchObject({ code, sizeBytes: payload.length });
    expect(Buffer.from(letter?.payload ?? '', 'base64url')).toEqual(payload.subarray(0, 4096));
  });

  test('is counted by one stage alone: what the rules deny by the broker, what a batch holds by the ingest', async () => {
    const { device, client } = await newDevice();
    const before = await errorsByStage();
    await client.publishAsync('fieldline/v1/attic/batch', Buffer.from('hello'), { qos: 1 });
    await client.publishAsync(batchTopic(device), Buffer.from('hello'), { qos: 1 });
    await client.publishAsync(batchTopic(device), Buffer.alloc(5 * 2 ** 20), { qos: 1 });
    const after = await errorsByStage();
    expect((after.broker ?? 0) - (before.broker ?? 0)).toBe(1);
    expect((after.ingest ?? 0) - (before.ingest ?? 0)).toBe(2);
  });

  test('subscriptions beyond the own command and desired configuration get 0x80', async () => {
    const { device, client } = await newDevice();
    const filters = ['#', 'fieldline/v1/+/batch', '$SYS/#', `fieldline/v1/${device}/command`];
    const grants: number[] = [];
    await expectCounted(
      'SUBSCRIPTION_DENIED',
      async () => {
        for (const filter of filters) {
          const granted = client.subscribeAsync(filter, { qos: 1 });
          grants.push(
            await granted.then(
              ([grant]) => grant?.qos ?? -1,
              () => 128,
            ),
          );
        }
      },
      3,
    );
    expect(grants).toEqual([128, 128, 128, 1]);
    await expectNextBatchStored(client, device);
  });
});

describe('who may connect', () => {
  test.each([
    ['without a name', { username: '', password: '' }, 'ANONYMOUS_REFUSED'],
    ['with a wrong password', { password: 'wrong' }, 'CREDENTIAL_REFUSED'],
    ['under the client id of another', { clientId: 'attic' }, 'CLIENT_ID_MISMATCH'],
    ['as a device that is not registered', { clientId: 'shed', username: 'shed' }, 'CREDENTIAL_REFUSED'],
  ])('nobody %s', async (_name, options, code) => {
    const { device, client, password } = await newDevice();
    await expectCounted(code, () =>
      expect(rig.connect(device, password, options)).rejects.toThrow(/not authorized/i),
    );
    await expectNextBatchStored(client, device);
  });

  test('a revoked device loses its session and cannot come back', async () => {
    const { device, client, password } = await newDevice();
    const closed = closeOf(client);
    await rig.revoke(device);
    await closed;
    await expect(rig.connect(device, password)).rejects.toThrow(/not authorized/i);
  });

  test('a session that asks to be persistent is opened as a clean one', async () => {
    const { device, client, password } = await newDevice();
    await client.endAsync();
    const persistent = await rig.connect(device, password, { clean: false });
    await persistent.subscribeAsync(`fieldline/v1/${device}/command`, { qos: 1 });
    await persistent.endAsync();
    const options = { clientId: device, username: device, password, clean: false, reconnectPeriod: 0 };
    const again = mqtt.connect(rig.gateway.mqttUrl, options);
    const connack = await new Promise((resolve) => again.once('connect', resolve));
    expect(connack).toMatchObject({ sessionPresent: false });
    await again.endAsync();
  });

  test('a second connection of the same device takes over, and is told', async () => {
    const { device, client, password } = await newDevice();
    const closed = closeOf(client);
    await expectCounted('SESSION_REPLACED', async () => {
      const second = await rig.connect(device, password);
      await closed;
      await expectNextBatchStored(second, device);
    });
  });
});

describe('a will', () => {
  const leave = async (topic: string, body: object): Promise<{ device: string; password: string }> => {
    const { device, client, password } = await newDevice();
    await client.endAsync();
    const payload = Buffer.from(JSON.stringify(body));
    const will = { topic: topic.replace('DEVICE', device), payload, qos: 1 as const, retain: true };
    const leaver = await rig.connect(device, password, { will });
    leaver.stream.destroy();
    return { device, password };
  };

  test('that is the own status with online false is taken', async () => {
    await expectCounted(
      'WILL_DENIED',
      async () => {
        const { device, password } = await leave('fieldline/v1/DEVICE/status', { ...status, online: false });
        await expectNextBatchStored(await rig.connect(device, password), device);
      },
      0,
    );
  });

  test.each([
    ['on the topic of another device', 'fieldline/v1/attic/status', { ...status, online: false }],
    ['that says online', 'fieldline/v1/DEVICE/status', status],
    ['on the batch topic', 'fieldline/v1/DEVICE/batch', { ...status, online: false }],
  ])('%s is denied and counted', async (_name, topic, body) => {
    await expectCounted('WILL_DENIED', async () => {
      const { device, password } = await leave(topic, body);
      await expectNextBatchStored(await rig.connect(device, password), device);
    });
  });
});

describe('before CONNECT', () => {
  test('garbage is cut off', async () => {
    await expectCounted('CONNECT_MALFORMED', async () => {
      const { socket, closed } = await rawSocket();
      socket.end('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await closed;
    });
  });

  test('a packet of 200 MiB is cut off at its first bytes', async () => {
    await expectCounted('CONNECT_TOO_LARGE', async () => {
      const { socket, closed } = await rawSocket();
      // CONNECT with a remaining length of 200 MiB.
      socket.write(Buffer.from([0x10, 0x80, 0x80, 0x80, 0x64]));
      await closed;
      expect(socket.bytesWritten).toBe(5);
    });
  });

  test('silence is cut off when its time is over', async () => {
    await expectCounted('CONNECT_TIMEOUT', async () => {
      const { closed } = await rawSocket();
      await closed;
    });
  });

  test('a fifth of four connections at a time is turned away', async () => {
    await expectCounted('UNAUTHENTICATED_LIMIT', async () => {
      const sockets = await Promise.all(Array.from({ length: 5 }, rawSocket));
      await Promise.race(sockets.map(({ closed }) => closed));
      for (const { socket } of sockets) socket.destroy();
    });
    const { device, client } = await newDevice();
    await expectNextBatchStored(client, device);
  });
});
