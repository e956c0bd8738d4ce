import { afterEach, expect, test } from 'vitest';
import { batchOf, publishBatch, startRig, type GatewayRig } from '../gateway-rig.ts';

let rig: GatewayRig;
afterEach(() => rig.end());

const porch = async () => (await rig.ledger()).devices.find(({ device }) => device === 'porch');

test('a difference is told once, with the first batch at which it appeared, also after a restart', async () => {
  rig = await startRig();
  const password = await rig.addDevice('porch');
  const client = await rig.connect('porch', password);
  for (const seq of [1, 2, 3]) await publishBatch(client, batchOf('porch', seq, { readings: 2 }));
  expect((await porch())?.firstDifference).toBeNull();
  // It says that 20 readings came before, and 6 did.
  await publishBatch(client, batchOf('porch', 4, { readings: 2, before: 20 }));
  await publishBatch(client, batchOf('porch', 5, { readings: 2, before: 30 }));
  const expected = { unaccounted: 14 + 8, firstDifference: { epoch: 'epoch-1', seq: 4 } };
  await expect.poll(porch).toMatchObject(expected);
  await expect.poll(() => rig.log.filter((line) => line.includes('LEDGER_DIFFERENCE')).length).toBe(1);
  expect(rig.log.find((line) => line.includes('LEDGER_DIFFERENCE'))).toContain('batch 4');
  await rig.gateway.stop();
  rig = await startRig({ home: rig.home });
  await expect.poll(porch).toMatchObject(expected);
});
