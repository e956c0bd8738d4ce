import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordedAgeUsMax, RecentReadings } from './recent-readings.ts';

const nowUs = 1e15;

describe('the recording of a sensor', () => {
  it('holds the newest rows that fit, in order, whatever the sizes of the blocks', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 30 }), (sizes) => {
        const rowsMax = 200;
        const recent = new RecentReadings(['a', 'b'], rowsMax * 3 * 8);
        let next = 0;
        for (const size of sizes) {
          const t = Float64Array.from({ length: size }, () => nowUs - 1000 + next++);
          recent.append(t, [t.map((each) => each - nowUs), size % 2 ? undefined : t]);
        }
        const { t, columns } = recent.recording(nowUs);
        const expected = Array.from({ length: next }, (_, row) => nowUs - 1000 + row).slice(-rowsMax);
        expect([...t]).toEqual(expected);
        expect([...(columns[0] ?? [])]).toEqual(expected.map((each) => each - nowUs));
        const lastIsAbsent = (sizes.at(-1) ?? 0) % 2 === 1;
        if (next > 0) expect(Number.isNaN(columns[1]?.at(-1))).toBe(lastIsAbsent);
      }),
      { numRuns: 200 },
    );
  });

  it('leaves out what is too old', () => {
    const recent = new RecentReadings(['a'], 1e6);
    const t = Float64Array.of(nowUs - recordedAgeUsMax - 1, nowUs - recordedAgeUsMax, nowUs);
    recent.append(t, [t]);
    expect([...recent.recording(nowUs).t]).toEqual([nowUs - recordedAgeUsMax, nowUs]);
    expect([...new RecentReadings(['a'], 1e6).recording(nowUs).t]).toEqual([]);
  });
});
