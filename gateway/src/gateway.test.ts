import { rmSync, symlinkSync } from 'node:fs';
import promises from 'node:fs/promises';
import { createServer } from 'node:net';
import type { FileAccess } from '@fieldline/journal';
import { batchTopic, encodeBatch } from '@fieldline/protocol';
import type mqtt from 'mqtt';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { batchOf, closeOf, publishBatch, startRig, type GatewayRig } from './gateway-rig.ts';

const rigs: GatewayRig[] = [];

async function rigWithDevice(
  options = {},
): Promise<{ rig: GatewayRig; client: mqtt.MqttClient; password: string }> {
  const rig = await startRig(options);
  rigs.push(rig);
  const password = await rig.addDevice('porch');
  const client = await rig.connect('porch', password);
  return { rig, client, password };
}

afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.end();
});

describe('an acknowledged batch', () => {
  test('is in the journal when it is opened again', async () => {
    const { rig, client } = await rigWithDevice();
    for (let seq = 1; seq <= 20; seq++) await publishBatch(client, batchOf('porch', seq));
    const entries = await rig.stopAndReadJournal();
    expect(entries.map(({ batch }) => batch.seq)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  test('that comes again, at once and later and over a restart, is stored once', async () => {
    const { rig, client, password } = await rigWithDevice();
    const batch = batchOf('porch', 1, { readings: 5 });
    await Promise.all([
      publishBatch(client, batch),
      publishBatch(client, batch),
      publishBatch(client, batch),
    ]);
    await publishBatch(client, { ...batch, lane: 'backlog', sentAt: batch.sentAt + 1 });
    await rig.gateway.stop();
    const again = await startRig({ home: rig.home });
    rigs.push(again);
    await publishBatch(await again.connect('porch', password), batch);
    const { total } = await again.ledger();
    expect(total).toMatchObject({ taken: 5, stored: 5, underWay: 0, unaccounted: 0 });
    expect(await again.stopAndReadJournal()).toHaveLength(1);
  });

  test('with the name of another is refused, told and accounted for', async () => {
    const { rig, client } = await rigWithDevice();
    await publishBatch(client, batchOf('porch', 1, { value: 20 }));
    await publishBatch(client, batchOf('porch', 1, { value: 21 }));
    await publishBatch(client, batchOf('porch', 1, { value: 21 }));
    await publishBatch(client, batchOf('porch', 2));
    const letters = await rig.deadLetters();
    expect(letters.map(({ code, count }) => [code, count])).toEqual([['SEQ_CONFLICT', 2]]);
    expect((await rig.ledger()).total).toMatchObject({ taken: 3, stored: 2, refused: 1, unaccounted: 0 });
  });

  test('of which only the name can be read is refused, not under way for ever', async () => {
    const { rig, client } = await rigWithDevice();
    const fromTomorrow = { v: 1, device: 'porch', epoch: 'epoch-1', seq: 2, sensors: [{ kind: 'spectrum' }] };
    await publishBatch(client, batchOf('porch', 1, { readings: 3 }));
    await client.publishAsync(batchTopic('porch'), Buffer.from(JSON.stringify(fromTomorrow)), { qos: 1 });
    await publishBatch(client, batchOf('porch', 3, { readings: 3 }));
    const { total } = await rig.ledger();
    expect(total).toMatchObject({ taken: 9, stored: 6, refused: 3, underWay: 0, unaccounted: 0 });
  });
});

test('a batch that the journal can never take is refused, not sent again for ever', async () => {
  const { rig, client } = await rigWithDevice({ limits: { batchBytes: '64MiB', inflatedBytes: '64MiB' } });
  const json = encodeBatch(batchOf('porch', 1), { format: 'json' });
  const payload = Buffer.concat([json, Buffer.alloc(33 * 2 ** 20, ' ')]);
  await client.publishAsync(batchTopic('porch'), payload, { qos: 1 });
  expect(await rig.deadLetters()).toMatchObject([{ code: 'BATCH_TOO_LARGE', sizeBytes: payload.length }]);
  await publishBatch(client, batchOf('porch', 2));
  expect((await rig.ledger()).total).toMatchObject({ taken: 2, refused: 1, underWay: 0, unaccounted: 0 });
});

describe('while the disk is full', () => {
  test('a gateway that cannot write its pid file starts all the same', async () => {
    const { rig, client } = await rigWithDevice();
    await publishBatch(client, batchOf('porch', 1));
    await rig.gateway.stop();
    rmSync(`${rig.home}/gateway.pid`);
    symlinkSync('/dev/full', `${rig.home}/gateway.pid`);
    const again = await startRig({ home: rig.home });
    rigs.push(again);
    expect((await again.ledger()).total).toMatchObject({ taken: 1, stored: 1, unaccounted: 0 });
  });

  test('nothing is acknowledged, the connection ends, and all goes on when there is room again', async () => {
    const disk = { isFull: false };
    const rig = await startRig({}, fullableDisk(disk));
    rigs.push(rig);
    const password = await rig.addDevice('porch');
    const client = await rig.connect('porch', password);
    await publishBatch(client, batchOf('porch', 1));
    disk.isFull = true;
    const closed = closeOf(client);
    const acknowledged = vi.fn();
    const lost = batchOf('porch', 2);
    client.publish(batchTopic('porch'), Buffer.from(encodeBatch(lost)), { qos: 1 }, (error) => {
      if (!error) acknowledged();
    });
    await closed;
    expect(rig.log.some((line) => line.includes('INGEST_UNAVAILABLE') && line.includes('"level":50'))).toBe(
      true,
    );
    const ready = await fetch(`${rig.gateway.httpUrl}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain('journal');
    disk.isFull = false;
    await publishBatch(await rig.connect('porch', password), lost);
    expect(acknowledged).not.toHaveBeenCalled();
    expect((await fetch(`${rig.gateway.httpUrl}/readyz`)).status).toBe(200);
    expect((await rig.ledger()).total).toMatchObject({ taken: 2, underWay: 0, unaccounted: 0 });
    expect((await rig.stopAndReadJournal()).map(({ batch }) => batch.seq)).toEqual([1, 2]);
  });
});

/** The real disk, on which writing to the journal's segments fails while it is full. */
function fullableDisk(disk: { isFull: boolean }): FileAccess {
  const open: FileAccess['open'] = async (...args) => {
    const handle = await promises.open(...args);
    return new Proxy(handle, {
      get: (target, key) => {
        if (key === 'write' && disk.isFull) return refuseToWrite;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  };
  return { ...promises, open };
}

async function refuseToWrite(): Promise<never> {
  throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
}

describe('a start that cannot succeed names the thing and the remedy', () => {
  test('a busy MQTT port', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    });
    const start = startRig({ mqtt: { port } });
    await expect(start).rejects.toMatchObject({
      code: 'MQTT_PORT_BUSY',
      message: expect.stringMatching(new RegExp(`127.0.0.1:${port}.*choose another port`)),
    });
    server.close();
  });

  test('a home that is a file', async () => {
    const start = startRig({ home: '/dev/null/fieldline' });
    await expect(start).rejects.toMatchObject({ code: 'HOME_UNUSABLE', subject: '/dev/null/fieldline' });
  });

  test('a home that another gateway uses', async () => {
    const { rig, client } = await rigWithDevice();
    const start = startRig({ home: rig.home });
    await expect(start).rejects.toMatchObject({
      code: 'HOME_IN_USE',
      message: expect.stringContaining(String(process.pid)),
    });
    await publishBatch(client, batchOf('porch', 1));
  });

  test('an InfluxDB URL that is none', async () => {
    const start = startRig({ influxdb: { url: 'localhost:8086' } });
    await expect(start).rejects.toMatchObject({ code: 'CONFIG_INVALID_VALUE', subject: 'influxdb.url' });
  });

  test('an address beyond loopback without insecure', async () => {
    const start = startRig({ mqtt: { host: '0.0.0.0' } });
    await expect(start).rejects.toMatchObject({ code: 'CONFIG_INVALID_VALUE', subject: 'mqtt.host' });
  });
});

test('an InfluxDB that does not answer does not keep batches from being acknowledged', async () => {
  const { rig, client } = await rigWithDevice({
    influxdb: { url: 'http://127.0.0.1:9' },
    limits: { drain: '1s' },
  });
  await publishBatch(client, batchOf('porch', 1));
  expect((await rig.ledger()).total).toMatchObject({ taken: 1, stored: 0, underWay: 1, unaccounted: 0 });
  expect(rig.log.some((line) => line.includes('127.0.0.1:9'))).toBe(true);
});

test('the registry, its passwords and the dead letters outlive a restart', async () => {
  const { rig, client, password } = await rigWithDevice();
  await client.publishAsync(batchTopic('porch'), Buffer.from('hello'), { qos: 1 });
  await rig.gateway.stop();
  const again = await startRig({ home: rig.home });
  rigs.push(again);
  await publishBatch(await again.connect('porch', password), batchOf('porch', 1));
  expect(await again.deadLetters()).toMatchObject([{ code: 'BATCH_UNDECODABLE', device: 'porch' }]);
});

test('a store that has lost its data is filled again from the journal', async () => {
  const { rig, client } = await rigWithDevice();
  for (let seq = 1; seq <= 5; seq++) await publishBatch(client, batchOf('porch', seq, { readings: 4 }));
  await rig.gateway.stop();
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${rig.home}/store.db${suffix}`, { force: true });
  const again = await startRig({ home: rig.home });
  rigs.push(again);
  await expect
    .poll(async () => (await again.ledger()).total)
    .toMatchObject({ taken: 20, stored: 20, underWay: 0, unaccounted: 0 });
});

test('a journal that was moved away is begun anew, and what comes then is stored', async () => {
  const { rig, client, password } = await rigWithDevice();
  for (let seq = 1; seq <= 5; seq++) await publishBatch(client, batchOf('porch', seq));
  await rig.gateway.stop();
  rmSync(`${rig.home}/journal`, { recursive: true });
  const again = await startRig({ home: rig.home });
  rigs.push(again);
  expect(again.log.some((line) => line.includes('"level":40') && line.includes('journal'))).toBe(true);
  await publishBatch(await again.connect('porch', password), batchOf('porch', 6));
  await expect
    .poll(async () => (await again.ledger()).total)
    .toMatchObject({ taken: 6, stored: 6, underWay: 0, unaccounted: 0 });
});

test('batches of many devices at a time are all acknowledged, stored and accounted for', async () => {
  const rig = await startRig();
  rigs.push(rig);
  const devices = Array.from({ length: 8 }, (_, index) => `device-${index}`);
  await Promise.all(
    devices.map(async (device) => {
      const client = await rig.connect(device, await rig.addDevice(device));
      const seqs = Array.from({ length: 50 }, (_, index) => index + 1).toSorted(
        (a, b) => ((a * 7) % 5) - ((b * 7) % 5),
      );
      await Promise.all(seqs.map((seq) => publishBatch(client, batchOf(device, seq, { readings: 10 }))));
      await client.endAsync();
    }),
  );
  await expect
    .poll(async () => (await rig.ledger()).total)
    .toMatchObject({ taken: 4000, stored: 4000, underWay: 0, unaccounted: 0 });
});
