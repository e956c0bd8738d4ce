import { statusTopic, type Status } from '@fieldline/protocol';
import { beforeEach, expect, test } from 'vitest';
import type { Client, PublishPacket } from 'aedes';
import { pino } from 'pino';
import { systemClock } from '../clock.ts';
import { DeviceRegistry } from '../devices/device-registry.ts';
import { openGatewayDatabase } from '../home/gateway-database.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { BurstLog } from '../logging/burst-log.ts';
import { BrokerStatistics } from './broker-statistics.ts';
import { DeviceCommands } from '../devices/device-commands.ts';
import { PublishGate } from './publish-gate.ts';

const offline: Status = {
  online: false,
  agentVersion: '0.1.0',
  configVersion: 1,
  bootId: 'boot-1',
  clock: 'synced',
  startedAt: 1_700_000_000_000_000,
};

const database = openGatewayDatabase(':memory:');
let registry: DeviceRegistry;
let gate: PublishGate;

beforeEach(async () => {
  registry = new DeviceRegistry(database, { clock: systemClock, devicesMax: 10 });
  if (!registry.get('porch')) await registry.create('porch');
  const statistics = new BrokerStatistics({ nowMs: () => performance.now(), connectionsMax: 1 });
  const bursts = new BurstLog(pino({ level: 'silent' }), systemClock);
  gate = new PublishGate({
    ingest: {} as Ingest,
    dialects: { mayPublish: () => false, take: () => Promise.resolve('stored') },
    registry,
    commands: new DeviceCommands(),
    statistics,
    bursts,
  });
});

/** As aedes hands out a will: with the broker and the client that it is kept for. */
function willOf(topic: string): PublishPacket & { clientId: string } {
  return {
    cmd: 'publish',
    topic,
    payload: Buffer.from(JSON.stringify(offline)),
    qos: 1,
    dup: false,
    retain: true,
    brokerId: 'broker-1',
    clientId: 'porch',
  } as PublishPacket & { clientId: string };
}

function authorize(client: Client | null, packet: PublishPacket): Promise<Error | null | undefined> {
  return new Promise((resolve) => gate.authorize(client, packet, resolve));
}

test('a will that aedes publishes for a session that is open, after the clock has jumped, says nothing', async () => {
  const client = { id: 'porch', closed: false } as Client;
  const will = willOf(statusTopic('porch'));
  expect(await authorize(client, will)).toBeFalsy();
  expect(registry.get('porch')?.status).toBeNull();
  // It is the very will that the client leaves with later.
  expect(will).toEqual(willOf(statusTopic('porch')));
});

test('nor does one that is denied, and it goes nowhere', async () => {
  const will = willOf('fieldline/v1/attic/command');
  expect(await authorize({ id: 'porch', closed: false } as Client, will)).toBeFalsy();
  expect(will.topic).not.toContain('fieldline/v1');
});

test('a denied will answers with no error, which aedes would throw where nobody catches it', async () => {
  const will = willOf(statusTopic('attic'));
  expect(await authorize(null, will)).toBeFalsy();
  expect(will).toMatchObject({ topic: expect.not.stringContaining('fieldline/v1'), retain: false });
});

test('a status of QoS 2 leaves nothing in the hands of aedes, which keeps it until the device says so', async () => {
  const packet = { ...willOf(statusTopic('porch')), qos: 2, messageId: 1 } as PublishPacket;
  Reflect.deleteProperty(packet, 'brokerId');
  expect(await authorize({ id: 'porch', closed: false } as Client, packet)).toBeFalsy();
  expect(registry.get('porch')?.status).toEqual(offline);
  expect(packet.payload).toHaveLength(0);
});
