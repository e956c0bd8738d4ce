import { expect, it } from 'vitest';
import { median } from './bench-result.ts';
import { runProtocolBytes } from './protocol-columns.ts';

it('a reading of the yardstick series takes at most 3.5 bytes, the whole message counted', async () => {
  const [result] = await runProtocolBytes();
  expect(result).toMatchObject({ name: 'protocol-bytes', unit: 'bytes/reading' });
  expect(result?.ours).toBeLessThanOrEqual(3.5);
  expect(result?.peer.value).toBeGreaterThan(7);
  expect(result?.ratio).toBeCloseTo((result?.ours ?? 0) / (result?.peer.value ?? 1), 3);
});

it('median is the middle value, or the mean of the two in the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, NaN]);
});
