import { promotedBytes } from '@fieldline/protocol/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CoveredTimes, intervalsMax } from './covered-times.ts';
import { TimeSeparation } from './time-separation.ts';

const all = (): boolean => true;
const identity = (seq: number) => ({ epoch: 'e', seq, block: 0 });

describe('TimeSeparation', () => {
  test('gives no tag to times that rise, batch after batch', () => {
    const separation = new TimeSeparation();
    expect(separation.tags('s', Float64Array.of(1, 2, 3), all, identity(1))).toBeUndefined();
    expect(separation.tags('s', Float64Array.of(4, 5), all, identity(2))).toBeUndefined();
  });

  test('numbers equal times of one block', () => {
    const tags = new TimeSeparation().tags('s', Float64Array.of(1, 1, 2, 1), all, identity(1));
    expect(tags).toEqual(['', '2', '', '3']);
  });

  test('leaves a backlog that fills an outage without tags', () => {
    const separation = new TimeSeparation();
    for (let second = 0; second < 100; second++)
      separation.tags('s', Float64Array.of(second), all, identity(second));
    separation.tags('s', Float64Array.of(10_000), all, identity(1000));
    for (let second = 100; second < 10_000; second += 100) {
      const tags = separation.tags('s', Float64Array.of(second, second + 50), all, identity(second));
      expect(tags?.join('') ?? '').toBe('');
    }
  });

  test('never gives two points of one stream and time the same tag, and the same again on a replay', () => {
    const batches = fc.array(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 6 }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(batches, fc.array(fc.nat(2)), (blocks, failures) => {
        const run = (): string[] => {
          const separation = new TimeSeparation();
          return blocks.flatMap((times, seq) => {
            const write = (): string[] => {
              separation.begin();
              const tags = separation.tags('s', Float64Array.from(times), all, identity(seq));
              return times.map((time, index) => `${time} ${tags?.[index] ?? ''}`);
            };
            for (let failure = failures[seq] ?? 0; failure > 0; failure--) write();
            const points = write();
            separation.keep();
            return points;
          });
        };
        const points = run();
        expect(new Set(points).size).toBe(points.length);
        expect(run()).toEqual(points);
      }),
    );
  });

  test('goes on from its saved state as if it had not stopped', () => {
    const first = new TimeSeparation();
    first.begin();
    first.tags('s', Float64Array.of(1, 5), all, identity(1));
    first.keep();
    const state: unknown = JSON.parse(JSON.stringify(first.state()));
    const second = new TimeSeparation(state as ReturnType<TimeSeparation['state']>);
    for (const separation of [first, second]) separation.begin();
    const next = Float64Array.of(3, 6);
    expect(second.tags('s', next, all, identity(2))).toEqual(first.tags('s', next, all, identity(2)));
  });

  test('leaves nothing of a write behind that lives on', async () => {
    const separation = new TimeSeparation();
    let timeUs = 0;
    const bytes = await promotedBytes(() => {
      separation.begin();
      for (let stream = 0; stream < 10; stream++) separation.isNext(`s${stream}`, (timeUs += 1));
      separation.keep();
    });
    expect(bytes).toBeLessThan(100_000);
  });
});

describe('CoveredTimes', () => {
  test('covers at least what was added, in few intervals, in order', () => {
    const added = fc.array(fc.tuple(fc.integer({ min: 0, max: 1e6 }), fc.nat(1000)), { maxLength: 200 });
    fc.assert(
      fc.property(added, (intervals) => {
        const covered = new CoveredTimes();
        for (const [from, length] of intervals) covered.add(from, from + length);
        expect(covered.intervals.length).toBeLessThanOrEqual(intervalsMax);
        for (const [from, length] of intervals)
          expect(covered.covers(from) && covered.covers(from + length)).toBe(true);
        const flat = covered.intervals.flat();
        expect(flat).toEqual(flat.toSorted((a, b) => a - b));
      }),
    );
  });
});
