import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '@fieldline/journal';
import { encodeBatch, type Batch } from '@fieldline/protocol';
import { expect, test } from 'vitest';
import { batchOf } from '../gateway-rig.ts';
import { BatchLog } from './batch-log.ts';

test('keeps decoded batches by the room they take, however small they came', async () => {
  const home = mkdtempSync(join(tmpdir(), 'fieldline-log-'));
  const log = new BatchLog(await openJournal({ directory: home }), { inflatedBytes: 2 ** 23 });
  const block = batchOf('porch', 1).sensors[0];
  if (block?.kind !== 'readings') throw new Error('the rig makes readings');
  const wide = { ...block, t: new Float64Array(1_000_000), fields: {} };
  const batches = Array.from({ length: 5 }, (_, index): Batch => ({
    ...batchOf('porch', index + 1),
    sensors: [wide],
  }));
  const payload = encodeBatch({ ...batchOf('porch', 1), sensors: [wide] });
  for (const batch of batches) await log.append(batch, payload);
  const entries = await log.read(0, { maxBytes: 2 ** 24 });
  expect(entries).toHaveLength(5);
  const kept = entries.filter(({ batch }, index) => batch === batches[index]).length;
  expect(kept).toBeGreaterThan(0);
  expect(kept * wide.t.byteLength).toBeLessThanOrEqual(32 * 2 ** 20);
  await log.close();
  rmSync(home, { recursive: true });
});
