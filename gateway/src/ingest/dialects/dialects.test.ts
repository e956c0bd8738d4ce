import type { DeviceSummary, LedgerRow } from '@fieldline/protocol';
import type { MqttClient } from 'mqtt';
import { afterEach, describe, expect, test } from 'vitest';
import type { DialectOptions } from '../../config/dialect-schema.ts';
import { batchOf, publishBatch, startRig, type GatewayRig } from '../../gateway-rig.ts';
import { sparkplugBytes } from '../../testing/sparkplug-bytes.ts';

const home: DialectOptions = {
  account: 'bridge',
  format: 'value',
  topics: ['home/{device}/{sensor}/{quantity}'],
  unit: 'Cel',
};

let rig: GatewayRig;
afterEach(() => rig.end());

async function start(dialects: DialectOptions[], limits = {}, rigHome?: string): Promise<MqttClient> {
  rig = await startRig({ dialects, limits, ...(rigHome === undefined ? {} : { home: rigHome }) });
  return rig.connect('bridge', await rig.addDevice('bridge'));
}

const totals = async (): Promise<LedgerRow> => (await rig.ledger()).total;

async function device(id: string): Promise<DeviceSummary> {
  return (await (await rig.get(`/api/v1/devices/${id}`)).json()) as DeviceSummary;
}

interface Answer {
  readonly unit: string;
  readonly mean: number[];
}

async function stored(stream: string): Promise<Answer> {
  return (await (await rig.get(`/api/v1/query?stream=${stream}`)).json()) as Answer;
}

describe('devices behind one bridge', () => {
  test('are stored, listed and accounted for, whatever the QoS, retained or not', async () => {
    const client = await start([home]);
    for (const [index, qos] of ([0, 1, 2] as const).entries()) {
      const retain = qos !== 1;
      await client.publishAsync('home/kitchen/air/temperature', String(20 + index), { qos, retain });
      await client.publishAsync('home/attic/air/temperature', String(index), { qos, retain });
    }
    await expect.poll(totals).toMatchObject({ taken: 6, stored: 6, unaccounted: 0 });
    expect((await stored('kitchen/air/temperature')).mean).toEqual([20, 21, 22]);
    expect(await device('kitchen')).toMatchObject({ online: true, streamCount: 1 });
    await client.endAsync();
    await expect.poll(async () => (await device('kitchen')).online).toBe(false);
  });

  test('go on after a restart, in one account', async () => {
    const client = await start([home]);
    await client.publishAsync('home/kitchen/air/temperature', '20', { qos: 1 });
    await rig.gateway.stop();
    const kept = rig.home;
    rig = await startRig({ dialects: [home], home: kept });
    await rig.post('/api/v1/devices/bridge/revoke');
    const again = await rig.connect('bridge', await rig.addDevice('bridge'));
    await again.publishAsync('home/kitchen/air/temperature', '21', { qos: 1 });
    await expect.poll(totals).toMatchObject({ taken: 2, stored: 2, lost: 0, underWay: 0, unaccounted: 0 });
  });

  test('never get into the streams of an agent, of another account, or of one whose name looks the same', async () => {
    const other = { ...home, account: 'other' };
    const client = await start([home, other]);
    const agent = await rig.connect('porch', await rig.addDevice('porch'));
    const second = await rig.connect('other', await rig.addDevice('other'));
    await publishBatch(agent, batchOf('porch', 1));
    await client.publishAsync('home/porch/air/temperature', '99', { qos: 1 });
    await client.publishAsync('home/Kitchen/air/temperature', '20', { qos: 1 });
    await client.publishAsync('home/KITCHEN/air/temperature', '99', { qos: 1 });
    await second.publishAsync('home/Kitchen/air/temperature', '99', { qos: 1 });
    const codes = (await rig.deadLetters()).map(({ device: from, code }) => `${from} ${code}`);
    expect(codes).toEqual([
      'other DIALECT_DEVICE_TAKEN',
      'bridge DIALECT_DEVICE_TAKEN',
      'bridge DIALECT_DEVICE_TAKEN',
    ]);
    await expect.poll(totals).toMatchObject({ taken: 2, stored: 2, unaccounted: 0 });
  });

  test('are heard no more once they are revoked, nor when their name is given to an agent afterwards', async () => {
    const client = await start([home]);
    await client.publishAsync('home/porch/air/temperature', '20', { qos: 1 });
    await rig.revoke('porch');
    await client.publishAsync('home/porch/air/temperature', '97', { qos: 1 });
    const agent = await rig.connect('porch', await rig.addDevice('porch'));
    await publishBatch(agent, batchOf('porch', 1));
    await client.publishAsync('home/porch/air/temperature', '98', { qos: 1 });
    const codes = (await rig.deadLetters()).map(({ device: from, code }) => `${from} ${code}`);
    expect(codes).toEqual(['bridge DIALECT_DEVICE_TAKEN', 'bridge DIALECT_DEVICE_TAKEN']);
    await expect.poll(totals).toMatchObject({ taken: 2, stored: 2, unaccounted: 0 });
    await rig.gateway.stop();
    rig = await startRig({ dialects: [home], home: rig.home });
    await rig.revoke('bridge');
    const again = await rig.connect('bridge', await rig.addDevice('bridge'));
    await again.publishAsync('home/porch/air/temperature', '99', { qos: 1 });
    expect(await rig.deadLetters()).toHaveLength(3);
  });

  test('are no more than the account may speak for', async () => {
    const client = await start([{ ...home, devicesMax: 2 }]);
    for (const name of ['a', 'b', 'c']) await client.publishAsync(`home/${name}/air/t`, '1', { qos: 1 });
    expect(await rig.refused('DIALECT_DEVICE_LIMIT')).toBe(1);
    await expect.poll(totals).toMatchObject({ taken: 2, stored: 2 });
  });

  test('many at once share few batches, each message acknowledged when it is durable', async () => {
    const client = await start([home]);
    const sending = Array.from({ length: 500 }, (_, index) =>
      client.publishAsync(`home/room-${index % 5}/air/temperature`, String(index), { qos: 1 }),
    );
    await Promise.all(sending);
    await expect.poll(totals).toMatchObject({ taken: 500, stored: 500, underWay: 0, unaccounted: 0 });
  });
});

describe('a message that cannot be taken', () => {
  test('is acknowledged and kept, and the good one behind it is stored', async () => {
    const client = await start([home]);
    await client.publishAsync('home/kitchen/air/temperature', 'unavailable', { qos: 1 });
    await client.publishAsync('home/kitchen/air/temperature', '20', { qos: 1 });
    await client.publishAsync('fieldline/v1/porch/batch', '{}', { qos: 1 });
    await client.publishAsync('$SYS/x/new/clients', 'bridge', { qos: 1 });
    await client.publishAsync('elsewhere', '20', { qos: 1 });
    await expect.poll(totals).toMatchObject({ taken: 1, stored: 1 });
    expect(await rig.deadLetters()).toMatchObject([
      { code: 'TOPIC_DENIED' },
      { code: 'DIALECT_UNREADABLE', device: 'bridge', topic: 'home/kitchen/air/temperature' },
    ]);
    expect(await rig.refused('TOPIC_DENIED')).toBe(3);
  });

  test('counts what is no number inside it as refused', async () => {
    const client = await start([
      { account: 'bridge', format: 'key-value', topics: ['lab/{device}'], sensor: 'board' },
    ]);
    await client.publishAsync('lab/uno', 'temp=21 door=ajar', { qos: 1 });
    await expect.poll(totals).toMatchObject({ taken: 2, stored: 1, refused: 1, unaccounted: 0 });
  });

  test('is stored by a replay after the limit is raised, at the time of its arrival', async () => {
    const client = await start([home], { streamsPerDevice: 1 });
    await client.publishAsync('home/kitchen/air/temperature', '20', { qos: 1 });
    await client.publishAsync('home/kitchen/air/humidity', '40', { qos: 1 });
    const [letter] = await rig.deadLetters();
    expect(letter).toMatchObject({ code: 'STREAM_LIMIT', device: 'bridge' });
    await rig.gateway.stop();
    rig = await startRig({ dialects: [home], home: rig.home });
    await rig.post(`/api/v1/dead-letters/${letter?.id}/replay`);
    await expect.poll(totals).toMatchObject({ taken: 2, stored: 2, unaccounted: 0 });
    const answer = (await (await rig.get('/api/v1/query?stream=kitchen/air/humidity')).json()) as {
      t: number[];
    };
    expect(answer.t).toEqual([letter?.atUs]);
    expect(await rig.deadLetters()).toEqual([]);
  });

  test('is refused whole where one of its devices is: a replay gives no reading twice', async () => {
    const client = await start([
      { account: 'bridge', format: 'line-protocol', topics: ['telegraf'], device: '{tag.host}' },
    ]);
    const lines = 'cpu,host=attic idle=1 1700000000000000000\ncpu,host=kitchen idle=2 4000000000000000000';
    await client.publishAsync('telegraf', lines, { qos: 1 });
    const [letter] = await rig.deadLetters();
    expect(letter).toMatchObject({ code: 'CLOCK_IMPLAUSIBLE', device: 'bridge' });
    await rig.post(`/api/v1/dead-letters/${letter?.id}/replay`);
    await client.publishAsync('telegraf', 'cpu,host=attic idle=3 1700000001000000000', { qos: 1 });
    await expect.poll(totals).toMatchObject({ taken: 1, stored: 1, underWay: 0, unaccounted: 0 });
  });

  test('is stored once where two replays of it run at a time', async () => {
    const client = await start([home], { streamsPerDevice: 1 });
    await client.publishAsync('home/kitchen/air/temperature', '20', { qos: 1 });
    await client.publishAsync('home/kitchen/air/humidity', '40', { qos: 1 });
    const [letter] = await rig.deadLetters();
    await rig.gateway.stop();
    rig = await startRig({ dialects: [home], home: rig.home });
    const path = `/api/v1/dead-letters/${letter?.id}/replay`;
    await Promise.all([rig.post(path), rig.post(path), rig.post(path)]);
    await expect.poll(totals).toMatchObject({ taken: 2, stored: 2, underWay: 0, unaccounted: 0 });
  });

  test('ten thousand new names end at the limit, and cost the other devices nothing', async () => {
    const client = await start([home], { streamsPerDevice: 50, deadLetters: 100 });
    const agent = await rig.connect('porch', await rig.addDevice('porch'));
    for (let round = 0; round < 20; round++) {
      const sending = Array.from({ length: 500 }, (_, index) =>
        client.publishAsync(`home/kitchen/air/q-${round * 500 + index}`, '1', { qos: 1 }),
      );
      await Promise.all(sending);
    }
    await publishBatch(agent, batchOf('porch', 1));
    await expect.poll(totals).toMatchObject({ taken: 51, stored: 51, unaccounted: 0 });
    expect(await rig.refused('STREAM_LIMIT')).toBe(9950);
    expect((await rig.deadLetters()).length).toBeLessThanOrEqual(200);
  });
});

describe('a Sparkplug node', () => {
  const plant: DialectOptions = { account: 'bridge', format: 'sparkplug', topics: ['spBv1.0/plant/#'] };
  const birth = sparkplugBytes({
    seq: 0,
    metrics: [{ name: 'Level', alias: 1, datatype: 10, double: 1, unit: 'm' }],
  });

  test('is asked for its births where messages are missing, and heard when it dies', async () => {
    rig = await startRig({ dialects: [plant] });
    const client = await rig.connect('bridge', await rig.addDevice('bridge'), {
      will: { topic: 'spBv1.0/plant/NDEATH/edge-1', payload: sparkplugBytes({}), qos: 1, retain: false },
    });
    const asked = new Promise<string>((resolve) => client.once('message', (topic) => resolve(topic)));
    await client.subscribeAsync('spBv1.0/plant/NCMD/edge-1', { qos: 1 });
    await client.publishAsync('spBv1.0/plant/NBIRTH/edge-1', birth, { qos: 0 });
    const later = sparkplugBytes({ seq: 5, metrics: [{ alias: 1, double: 2 }] });
    await client.publishAsync('spBv1.0/plant/NDATA/edge-1', later, { qos: 0 });
    expect(await asked).toBe('spBv1.0/plant/NCMD/edge-1');
    await expect.poll(totals).toMatchObject({ taken: 2, stored: 2, unaccounted: 0 });
    expect((await stored('edge-1/node/level')).unit).toBe('m');
    client.stream.destroy();
    await expect.poll(async () => (await device('edge-1')).online).toBe(false);
  });

  test('hears no other topics, and takes no wildcards at the first level', async () => {
    const client = await start([plant]);
    const agent = await rig.connect('porch', await rig.addDevice('porch'));
    const grants = await Promise.all(
      ['#', '+/v1/porch/status', '$SYS/#', 'fieldline/v1/porch/status'].map((topic) =>
        client.subscribeAsync(topic, { qos: 1 }).catch((error: unknown) => error),
      ),
    );
    expect(grants.every((grant) => grant instanceof Error)).toBe(true);
    expect(agent.connected).toBe(true);
  });
});
