import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runStream } from '../../testing/transform-case.ts';

const series = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.double({ min: -10, max: 10, noNaN: true })), {
    minLength: 1,
    maxLength: 80,
  })
  .map((steps) => {
    let sec = 0;
    let value = 50;
    return steps.map(([pause, change]): [number, number] => [(sec += pause), (value += change)]);
  });

describe('deadband', () => {
  it('drops only what is within the band of the last that went on, and younger than a heartbeat', () => {
    const keys = fc.record({
      absolute: fc.double({ min: 0, max: 8, noNaN: true }),
      percent: fc.double({ min: 0, max: 10, noNaN: true }),
      heartbeatSec: fc.integer({ min: 1, max: 60 }),
    });
    fc.assert(
      fc.property(series, keys, fc.integer({ min: 1, max: 9 }), (readings, each, blockRows) => {
        const { absolute, percent, heartbeatSec } = each;
        const deadband = { absolute, percent, heartbeat: `${heartbeatSec}s` };
        const { carried, reasons, differences } = runStream([{ deadband }], readings, { blockRows });
        expect(differences).toEqual([]);
        expect(carried.length + (reasons['deadband'] ?? 0)).toBe(readings.length);
        const kept = new Set(carried.map(([sec]) => sec));
        let last: readonly number[] = readings[0] ?? [];
        expect(kept.has(last[0] ?? -1)).toBe(true);
        for (const [sec, value] of readings.slice(1)) {
          const [lastSec = 0, lastValue = 0] = last;
          const band = Math.max(absolute, (percent / 100) * Math.abs(lastValue));
          const isNear = Math.abs(value - lastValue) <= band && sec - lastSec < heartbeatSec;
          expect(kept.has(sec)).toBe(!isNear);
          if (kept.has(sec)) last = [sec, value];
        }
      }),
    );
  });

  it('lets the first reading of another quality through, whatever its value', () => {
    const stages = [{ stuck: { after: '3s' } }, { deadband: { absolute: 1, heartbeat: '1h' } }];
    const readings = Array.from({ length: 8 }, (_, sec): [number, number] => [sec, 20]);
    expect(runStream(stages, readings).carried).toEqual([
      [0, 20],
      [3, 20, 'uncertain'],
    ]);
  });

  it('is not silenced by a clock that is set back', () => {
    const readings: [number, number][] = [
      [1_000_000, 20],
      [10, 20],
      [11, 20],
    ];
    expect(runStream([{ deadband: { absolute: 1 } }], readings).carried).toEqual([
      [1_000_000, 20],
      [10, 20],
    ]);
  });
});
