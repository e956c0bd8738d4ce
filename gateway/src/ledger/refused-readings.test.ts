import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DatabaseSync } from 'node:sqlite';
import { batchOf, publishBatch, startRig } from '../gateway-rig.ts';
import { openGatewayDatabase } from '../home/gateway-database.ts';
import { Ledger } from './ledger.ts';
import { refusalsPerDeviceMax, RefusedReadings } from './refused-readings.ts';

describe('a device that makes up names without end', () => {
  let database: DatabaseSync;

  beforeEach(() => {
    database = openGatewayDatabase(':memory:');
  });
  afterEach(() => database.close());

  const rows = (table: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);

  test('of epochs fills neither memory nor disk, nor the place of other devices', () => {
    const ledger = new Ledger(new RefusedReadings(database));
    for (let seq = 1; seq <= refusalsPerDeviceMax + 10; seq++) {
      ledger.refusedBatch({ device: 'porch', epoch: `epoch-${seq}`, seq });
    }
    ledger.refusedBatch({ device: 'attic', epoch: 'epoch-1', seq: 1 });
    expect(rows('refused_batches')).toBe(refusalsPerDeviceMax + 1);
    expect(ledger.device('porch').epochs.size).toBe(refusalsPerDeviceMax);
    const again = new Ledger(new RefusedReadings(database));
    again.refusedBatch({ device: 'porch', epoch: 'another', seq: 1 });
    expect(rows('refused_batches')).toBe(refusalsPerDeviceMax + 1);
  });

  test('of contents under one seq fills neither', () => {
    const ledger = new Ledger(new RefusedReadings(database));
    for (let index = 0; index < refusalsPerDeviceMax + 10; index++) {
      ledger.refusedReadings(batchOf('porch', 1), index + 1);
    }
    ledger.refusedReadings(batchOf('attic', 1), 1);
    expect(rows('refused_readings')).toBe(refusalsPerDeviceMax + 1);
    const again = new Ledger(new RefusedReadings(database));
    again.refusedReadings(batchOf('porch', 1), 999_999);
    expect(rows('refused_readings')).toBe(refusalsPerDeviceMax + 1);
  });
});

test('readings of an epoch too many are refused once, and no account is opened for it', async () => {
  const rig = await startRig({ limits: { epochsPerDevice: 1 } });
  const client = await rig.connect('porch', await rig.addDevice('porch'));
  await publishBatch(client, batchOf('porch', 1, { readings: 3 }));
  for (let times = 0; times < 2; times++) {
    await publishBatch(client, batchOf('porch', 1, { epoch: 'epoch-2', readings: 2 }));
  }
  await expect
    .poll(async () => (await rig.ledger()).total)
    .toMatchObject({ taken: 5, stored: 3, refused: 2, underWay: 0, unaccounted: 0 });
  await rig.end();
});

test('streams that only a dropped range names count against the limit too', async () => {
  const rig = await startRig({ limits: { streamsPerDevice: 3 } });
  const client = await rig.connect('porch', await rig.addDevice('porch'));
  const counts = Object.fromEntries(Array.from({ length: 3 }, (_, index) => [`made-up/of-${index}`, 1]));
  await publishBatch(client, { ...batchOf('porch', 5), dropped: [[1, 4, 'outbox-full', counts]] });
  expect(await rig.deadLetters()).toMatchObject([{ code: 'STREAM_LIMIT' }]);
  await rig.end();
});
