import { expect, test } from 'vitest';
import { sumRefusals } from './index.ts';

test('two refused points of one entry and stream are one cause with the sum of both', () => {
  const part = { device: 'd', code: 'INFLUX_REJECTED_POINT', detail: '', payload: new Uint8Array() } as const;
  const refusals = sumRefusals([
    { ...part, offset: 7, counts: { 's/q': 1, 's/r': 1 } },
    { ...part, offset: 7, counts: { 's/q': 1 } },
    { ...part, offset: 8, counts: { 's/q': 5 } },
  ]);
  expect(refusals).toEqual([
    { offset: 7, device: 'd', stream: 'd/s/q', readings: 2 },
    { offset: 7, device: 'd', stream: 'd/s/r', readings: 1 },
    { offset: 8, device: 'd', stream: 'd/s/q', readings: 5 },
  ]);
});
