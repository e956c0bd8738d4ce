import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { batchOf, publishBatch, startRig, type GatewayRig } from '../../gateway-rig.ts';

const counts = async (rig: GatewayRig): Promise<number[]> => {
  const answer = await rig.get('/api/v1/query?stream=porch/air/temperature&from=0&to=2000000000000000');
  return ((await answer.json()) as { count?: number[] }).count ?? [];
};

test('a store that is brought into a new home takes what comes there', async () => {
  const old = await startRig();
  const client = await old.connect('porch', await old.addDevice('porch'));
  for (const seq of [1, 2, 3, 4]) await publishBatch(client, batchOf('porch', seq));
  await expect.poll(() => counts(old)).toEqual([1, 1, 1, 1]);
  await old.gateway.stop();
  const home = mkdtempSync(join(tmpdir(), 'fieldline-moved-'));
  copyFileSync(join(old.home, 'store.db'), join(home, 'store.db'));
  rmSync(old.home, { recursive: true });
  const rig = await startRig({ home });
  const again = await rig.connect('porch', await rig.addDevice('porch'));
  for (const seq of [5, 6]) await publishBatch(again, batchOf('porch', seq, { epoch: 'epoch-2' }));
  await expect.poll(() => counts(rig)).toEqual([1, 1, 1, 1, 1, 1]);
  await rig.end();
});
