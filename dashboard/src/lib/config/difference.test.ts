import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  differences,
  isEqual,
  mergeThreeWays,
  showPath,
  withDifferences,
  type Config,
} from './difference.ts';

const leaf = fc.oneof(fc.string({ maxLength: 3 }), fc.integer({ min: 0, max: 3 }), fc.boolean());
const sensor = fc.record(
  { id: fc.constantFrom('air', 'soil', 'gnss'), window: fc.constantFrom('1s', '10s'), baudRate: leaf },
  { requiredKeys: ['id'] },
);
const config: fc.Arbitrary<Config> = fc.record(
  {
    flush: fc.constantFrom('1s', '2s', '5s'),
    tags: fc.dictionary(fc.constantFrom('site', 'row'), fc.string({ maxLength: 2 })),
    sensors: fc.uniqueArray(sensor, { selector: ({ id }) => id, maxLength: 3 }),
    list: fc.array(leaf, { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

const paths = (from: unknown, to: unknown) => differences(from, to).map(({ path }) => showPath(path));

describe('differences', () => {
  test('put into the one give the other, whatever they are', () => {
    fc.assert(
      fc.property(config, config, (from, to) => {
        const { config: made, misplaced } = withDifferences(from, differences(from, to));
        expect(misplaced).toEqual([]);
        expect(differences(made, to)).toEqual([]);
      }),
    );
  });

  test('name sensors by their id, wherever they stand', () => {
    const from = { sensors: [{ id: 'air', window: '10s' }, { id: 'soil' }] };
    const to = { sensors: [{ id: 'soil' }, { id: 'air', window: '30s' }] };
    expect(paths(from, to)).toEqual(['sensors.air.window']);
  });

  test('of a sensor that another device lacks change nothing there', () => {
    const wanted = differences({ sensors: [{ id: 'air' }] }, { sensors: [{ id: 'air', window: '30s' }] });
    const other = { sensors: [{ id: 'gnss' }] };
    expect(withDifferences(other, wanted)).toEqual({ config: other, misplaced: wanted });
    expect(withDifferences({}, wanted)).toEqual({ config: {}, misplaced: wanted });
  });
});

describe('three ways', () => {
  test('what one side changed is kept, and who changed nothing gets the other', () => {
    fc.assert(
      fc.property(config, config, (base, changed) => {
        expect(differences(mergeThreeWays(base, changed, base).merged, changed)).toEqual([]);
        expect(differences(mergeThreeWays(base, base, changed).merged, changed)).toEqual([]);
        expect(mergeThreeWays(base, changed, changed).conflicts).toEqual([]);
      }),
    );
  });

  test('two changes of one value are a conflict, beside what can be joined', () => {
    const base = { flush: '1s', sensors: [{ id: 'air', window: '10s' }] };
    const mine = { flush: '1s', sensors: [{ id: 'air', window: '30s' }] };
    const theirs = { flush: '2s', sensors: [{ id: 'air', window: '5s' }] };
    const { merged, conflicts } = mergeThreeWays(base, mine, theirs);
    expect(merged).toEqual({ flush: '2s', sensors: [{ id: 'air', window: '30s' }] });
    expect(conflicts).toEqual([
      { path: ['sensors', 'air', 'window'], base: '10s', mine: '30s', theirs: '5s' },
    ]);
  });

  test('what one side removed and the other changed is a conflict about the whole', () => {
    const base = { sensors: [{ id: 'air', window: '10s' }] };
    const { conflicts } = mergeThreeWays(base, { sensors: [{ id: 'air', window: '30s' }] }, { sensors: [] });
    expect(conflicts.map(({ path }) => showPath(path))).toEqual(['sensors.air']);
  });
});

test('equality knows no order of keys, but one of lists', () => {
  expect(isEqual({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true);
  expect(isEqual([1, 2], [2, 1])).toBe(false);
  expect(isEqual({ a: undefined }, {})).toBe(false);
  expect(isEqual([], {})).toBe(false);
});
