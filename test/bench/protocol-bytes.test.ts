import { expect, it } from 'vitest';
import { median } from './bench-result.ts';
import { runProtocolBytes } from './protocol-columns.ts';

it('a reading of the yardstick series takes at most 3.5 bytes packed', async () => {
  const results = await runProtocolBytes();
  const [columns] = results;
  expect(columns).toMatchObject({ name: 'protocol-bytes', unit: 'bytes/reading' });
  expect(columns?.ours).toBeLessThanOrEqual(3.5);
  expect(columns?.peer.value).toBeGreaterThan(7);
  expect(columns?.ratio).toBeCloseTo((columns?.ours ?? 0) / (columns?.peer.value ?? 1), 3);
  const [message, shrunk] = ['the whole message', 'the whole message with the dictionary'].map((name) =>
    results.find((result) => result.name === `protocol-bytes: ${name}`),
  );
  expect(message?.ours).toBeLessThanOrEqual(5.5);
  expect(shrunk?.ours).toBeLessThanOrEqual(3.5);
});

it('median is the middle value, or the mean of the two in the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, NaN]);
});
