import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { batchTopic, statusTopic, type Status } from '@fieldline/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { batchOf, closeOf, publishBatch, startRig, type GatewayRig } from './gateway-rig.ts';

let rig: GatewayRig;

beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.end());

/** Lets every write to a table of `gateway.db` fail as on a full disk, until the returned function is called. */
function failWrites(table: string): () => void {
  const database = new DatabaseSync(join(rig.home, 'gateway.db'));
  for (const verb of ['INSERT', 'UPDATE']) {
    database.exec(`CREATE TRIGGER fail_${verb} BEFORE ${verb} ON ${table}
      BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`);
  }
  return () => {
    database.exec('DROP TRIGGER fail_INSERT; DROP TRIGGER fail_UPDATE');
    database.close();
  };
}

const status: Status = {
  online: true,
  agentVersion: '0.1.0',
  configVersion: 1,
  bootId: 'boot-1',
  clock: 'synced',
  startedAt: 1_700_000_000_000_000,
};

describe('while gateway.db cannot be written', () => {
  test.each([
    ['a bad batch', Buffer.from('hello'), 1 as const],
    ['a batch with QoS 2', Buffer.from('hello'), 2 as const],
    ['an oversized batch', Buffer.alloc(3 * 2 ** 20), 1 as const],
  ])('%s is not acknowledged, and becomes a dead letter later', async (_name, payload, qos) => {
    const password = await rig.addDevice('porch');
    const client = await rig.connect('porch', password);
    const repair = failWrites('dead_letters');
    const closed = closeOf(client);
    client.publish(batchTopic('porch'), payload, { qos }, () => undefined);
    await closed;
    expect(rig.log.some((line) => line.includes('INGEST_UNAVAILABLE'))).toBe(true);
    repair();
    const again = await rig.connect('porch', password);
    await again.publishAsync(batchTopic('porch'), payload, { qos });
    expect(await rig.deadLetters()).toHaveLength(1);
  });

  test('devices come, report and leave, and what they said is written later', async () => {
    const password = await rig.addDevice('porch');
    const repair = failWrites('devices');
    const client = await rig.connect('porch', password);
    await client.publishAsync(statusTopic('porch'), JSON.stringify(status), { qos: 1, retain: true });
    await publishBatch(client, batchOf('porch', 1));
    await expect.poll(async () => (await ready()).status, { timeout: 5000 }).toBe(503);
    expect(await (await ready()).text()).toContain('gateway.db');
    repair();
    await expect.poll(async () => (await ready()).status, { timeout: 5000 }).toBe(200);
    const database = new DatabaseSync(join(rig.home, 'gateway.db'), { readOnly: true });
    const row = database.prepare("SELECT status FROM devices WHERE id = 'porch'").get();
    database.close();
    expect(JSON.parse(String(row?.status))).toEqual(status);
  });

  test('a device that cannot be registered is not, and can be later', async () => {
    const repair = failWrites('devices');
    await rig.addDevice('porch');
    expect(await (await fetch(`${rig.gateway.httpUrl}/api/v1/devices`)).json()).toEqual({ devices: [] });
    repair();
    const client = await rig.connect('porch', await rig.addDevice('porch'));
    await publishBatch(client, batchOf('porch', 1));
  });

  const ready = (): Promise<Response> => fetch(`${rig.gateway.httpUrl}/readyz`);
});
