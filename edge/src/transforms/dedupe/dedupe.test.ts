import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runStream } from '../../testing/transform-case.ts';

const readings = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom(0, -0, 1, 2))
    .map(([sec, value]): [number, number] => [sec, value]),
  { minLength: 1, maxLength: 40 },
);

describe('dedupe', () => {
  it('drops what repeats the last that went on, within the time and in either direction, to the bit', () => {
    fc.assert(
      fc.property(
        readings,
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 1, max: 6 }),
        (given, within, blockRows) => {
          const stages = [{ dedupe: { within: `${within}s` } }];
          const { carried, reasons, differences } = runStream(stages, given, { blockRows });
          const expected: [number, number][] = [];
          for (const [sec, value] of given) {
            const last = expected.at(-1);
            const repeats =
              last !== undefined && Object.is(last[1], value) && Math.abs(sec - last[0]) <= within;
            if (!repeats) expected.push([sec, value]);
          }
          expect(carried).toEqual(expected);
          expect(reasons['duplicate'] ?? 0).toBe(given.length - expected.length);
          expect(differences).toEqual([]);
        },
      ),
    );
  });

  it('keeps two readings of one time that differ', () => {
    const twice: [number, number][] = [
      [1, 20],
      [1, 21],
    ];
    expect(runStream([{ dedupe: {} }], twice).carried).toEqual(twice);
  });
});
