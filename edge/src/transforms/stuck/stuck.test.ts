import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runStream } from '../../testing/transform-case.ts';

const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 8 }), fc.constantFrom(20, 20, 20, 20.4, 25)), {
  minLength: 1,
  maxLength: 60,
});

describe('stuck', () => {
  it('finds fault with a reading exactly when its value has been the same for so long', () => {
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom(0, 0.5),
        fc.integer({ min: 1, max: 7 }),
        (given, afterSec, tolerance, blockRows) => {
          let sec = 0;
          const readings = given.map(([pause, value]): [number, number] => [(sec += pause), value]);
          const stages = [{ stuck: { after: `${afterSec}s`, tolerance, action: 'bad' as const } }];
          const { carried, differences } = runStream(stages, readings, { blockRows });
          expect(differences).toEqual([]);
          expect(carried).toHaveLength(readings.length);
          let [since, kept] = readings[0] ?? [0, 0];
          carried.forEach(([at, value, quality]) => {
            if (Math.abs(value - kept) > tolerance) [since, kept] = [at, value];
            expect(quality === 'bad').toBe(at - since >= afterSec);
          });
        },
      ),
    );
  });

  it('may drop instead: the first that changes goes on again', () => {
    const readings: [number, number][] = [
      [0, 1],
      [5, 1],
      [9, 1],
      [10, 2],
    ];
    const { carried, reasons } = runStream([{ stuck: { after: '5s', action: 'drop' } }], readings);
    expect(carried).toEqual([
      [0, 1],
      [10, 2],
    ]);
    expect(reasons).toEqual({ stuck: 2 });
  });
});
