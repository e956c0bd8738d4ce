import fc from 'fast-check';
import { expect, it } from 'vitest';
import { arbitraryBatch } from './arbitrary-batch.ts';
import { countReadings } from './count-readings.ts';

it('countReadings counts what is not absent and what windows count, but no extra blocks', () => {
  fc.assert(
    fc.property(arbitraryBatch, (batch) => {
      let expected = 0;
      for (const block of batch.sensors) {
        if (block.kind === 'gaps' || block.extra === true) continue;
        if (block.kind === 'windows') {
          for (const { count } of Object.values(block.fields))
            expected += count.reduce((sum, one) => sum + one, 0);
        } else {
          for (const { v } of Object.values(block.fields))
            expected += v.filter((one) => !Number.isNaN(one)).length;
        }
      }
      expect([...countReadings(batch).values()].reduce((sum, count) => sum + count, 0)).toBe(expected);
    }),
  );
});

it('countReadings adds up the blocks of one stream, and leaves out streams without readings', () => {
  const head = { sensor: 'air', type: 'thermometer', kind: 'readings' as const };
  const block = (v: Float64Array) => ({ ...head, t: v, fields: { temperature: { unit: 'Cel', v } } });
  const sensors = [block(Float64Array.of(1, NaN)), block(Float64Array.of(3)), block(Float64Array.of())];
  const batch = fc.sample(arbitraryBatch, { seed: 1, numRuns: 1 })[0]!;
  expect(countReadings({ ...batch, sensors })).toEqual(new Map([['air/temperature', 2]]));
  expect(countReadings({ ...batch, sensors: [block(Float64Array.of(NaN))] })).toEqual(new Map());
});
