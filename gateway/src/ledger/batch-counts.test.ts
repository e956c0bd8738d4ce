import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countReadings, type SensorBlock } from '@fieldline/protocol';
import { countsOf } from './batch-counts.ts';

const names = fc.constantFrom('a', 'b', 'c');
const values = fc
  .array(fc.constantFrom(1, NaN, -2.5), { maxLength: 3 })
  .map((list) => Float64Array.from(list));
const block = fc
  .record({
    sensor: names,
    quantities: fc.uniqueArray(names, { maxLength: 2 }),
    v: values,
    extra: fc.boolean(),
  })
  .map(({ sensor, quantities, v, extra }): SensorBlock => {
    const fields = Object.fromEntries(quantities.map((quantity) => [quantity, { unit: 'Cel', v }]));
    return { sensor, type: 'thermometer', kind: 'readings', t: v.map((_, index) => index), fields, extra };
  });

test('counts as countReadings does, whatever was counted before', () => {
  const batches = fc.array(fc.array(block, { maxLength: 2 }), { maxLength: 20 });
  fc.assert(
    fc.property(batches, (all) => {
      for (const sensors of all) expect(countsOf({ sensors })).toEqual(countReadings({ sensors }));
    }),
  );
});

test('stays right beyond what it remembers', () => {
  const fields = { x: { unit: 'Cel', v: Float64Array.of(1) } };
  for (let index = 0; index < 10_000; index++) {
    const sensor = `s${index}`;
    const sensors = [{ sensor, type: 't', kind: 'readings' as const, t: Float64Array.of(1), fields }];
    expect(countsOf({ sensors }).get(`${sensor}/x`)).toBe(1);
  }
});
