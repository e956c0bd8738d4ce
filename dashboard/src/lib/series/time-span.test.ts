import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clampSpan, panSpan, spanLimitsUs, spanThrough, zoomSpan } from './time-span.ts';

const time = fc.double({ min: 1.6e15, max: 1.9e15, noNaN: true });
const length = fc.double({ min: 2e4, max: 1e13, noNaN: true });
const span = fc.tuple(time, length).map(([fromUs, lengthUs]) => ({ fromUs, toUs: fromUs + lengthUs }));

describe('spans', () => {
  test('never reach beyond the newest time, and keep their length', () => {
    fc.assert(
      fc.property(span, time, (given, latestUs) => {
        const clamped = clampSpan(given, latestUs);
        expect(clamped.toUs).toBeLessThanOrEqual(latestUs + 1000);
        expect(Math.abs(clamped.toUs - clamped.fromUs - (given.toUs - given.fromUs))).toBeLessThanOrEqual(
          1001,
        );
      }),
    );
  });

  test('never get shorter or longer than an axis can show', () => {
    const { shortest, longest } = spanLimitsUs;
    expect(clampSpan({ fromUs: 1e15, toUs: 1e15 + 10 }, 2e15)).toEqual({
      fromUs: 1e15 - shortest / 2 + 0,
      toUs: 1e15 + shortest / 2,
    });
    const wide = clampSpan({ fromUs: -9e16, toUs: 9e16 }, 1.7e15);
    expect(wide.toUs - wide.fromUs).toBe(longest);
  });

  test('zooming keeps the time beneath the pointer in its place, and is undone by its inverse', () => {
    fc.assert(
      fc.property(
        span,
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (given, factor, at) => {
          const aroundUs = given.fromUs + at * (given.toUs - given.fromUs);
          const zoomed = zoomSpan(given, factor, aroundUs);
          const place = (aroundUs - zoomed.fromUs) / (zoomed.toUs - zoomed.fromUs);
          expect(place).toBeCloseTo(at, 3);
          const back = zoomSpan(zoomed, 1 / factor, aroundUs);
          expect(Math.abs(back.fromUs - given.fromUs)).toBeLessThan(10);
        },
      ),
    );
  });

  test('panning moves by parts of the length', () => {
    expect(panSpan({ fromUs: 100, toUs: 200 }, -0.5)).toEqual({ fromUs: 50, toUs: 150 });
  });

  test('two fingers hold two times', () => {
    const first = { timeUs: 110e6, at: 0.1 };
    expect(spanThrough(first, { timeUs: 120e6, at: 0.2 })).toEqual({ fromUs: 100e6, toUs: 200e6 });
    expect(spanThrough(first, { timeUs: 120e6, at: 0.1 })).toBeUndefined();
    expect(spanThrough(first, { timeUs: 120e6, at: 0 })).toBeUndefined();
  });
});
