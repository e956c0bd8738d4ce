import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Moments } from './moments.ts';

const reading = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const readings = fc.array(reading, { minLength: 1, maxLength: 200 });

/** The definition, in two passes. */
function exact(values: readonly number[]): { sum: number; mean: number; m2: number } {
  const sum = values.reduce((total, value) => total + value, 0);
  const mean = sum / values.length;
  return { sum, mean, m2: values.reduce((total, value) => total + (value - mean) ** 2, 0) };
}

function expectNear(found: number, expected: number, scale: number): void {
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-9 * Math.max(scale, 1e-300));
}

function expectMomentsOf(moments: Moments, values: readonly number[]): void {
  const { sum, mean, m2 } = exact(values);
  const largest = Math.max(...values.map(Math.abs), 1e-6);
  expect(moments.count).toBe(values.length);
  expect([moments.min, moments.max]).toEqual([Math.min(...values), Math.max(...values)]);
  expectNear(moments.sum, sum, largest * values.length);
  expectNear(moments.mean, mean, largest);
  expectNear(moments.m2, m2, largest * largest * values.length);
}

/** Splits `values` at random places into parts of their own, each with the times of its readings. */
function momentsOfParts(values: readonly number[], cuts: readonly number[]): Moments[] {
  const bounds = [0, ...cuts.map((cut) => cut % (values.length + 1)).sort((a, b) => a - b), values.length];
  return bounds.slice(1).map((end, index) => {
    const part = new Moments();
    for (let at = bounds[index]!; at < end; at++) part.record(values[at]! + 0, 1000 + at);
    return part;
  });
}

describe('Moments', () => {
  it('are NaN and count 0 before the first reading', () => {
    expect(new Moments()).toMatchObject({ count: 0, sum: NaN, mean: NaN, min: NaN, max: NaN, m2: NaN });
  });

  it('recorded one by one, as a block, or in several blocks, are those of the definition', () => {
    fc.assert(
      fc.property(readings, fc.nat(), (list, cut) => {
        const values = list.map((value) => value + 0);
        const [single, block, blocks] = [new Moments(), new Moments(), new Moments()];
        for (const value of values) single.record(value);
        block.recordBlock(Float64Array.from(values));
        blocks.recordBlock(Float64Array.from(values.slice(0, cut % values.length)));
        blocks.recordBlock(Float64Array.from(values.slice(cut % values.length)));
        for (const moments of [single, block, blocks]) {
          expectMomentsOf(moments, values);
          expect([moments.first, moments.last]).toEqual([values[0], values.at(-1)]);
        }
      }),
    );
  });

  it('of any split, merged in any order, are those of the whole, first and last by their times', () => {
    fc.assert(
      fc.property(readings, fc.array(fc.nat(), { maxLength: 5 }), fc.nat(), (list, cuts, seed) => {
        const values = list.map((value) => value + 0);
        const parts = momentsOfParts(values, cuts);
        const whole = new Moments();
        for (let left = parts.length, at = seed; left > 0; left--, at += seed + 1) {
          whole.merge(parts.splice(at % left, 1)[0]!);
        }
        expectMomentsOf(whole, values);
        expect([whole.first, whole.last]).toEqual([values[0], values.at(-1)]);
      }),
    );
  });

  it('keep a small spread on a large mean, where the sum of squares cancels', () => {
    const values = Float64Array.of(1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16);
    const [block, merged, half] = [new Moments(), new Moments(), new Moments()];
    block.recordBlock(values);
    merged.recordBlock(values.subarray(0, 2));
    half.recordBlock(values.subarray(2));
    merged.merge(half);
    expect([block.m2, merged.m2]).toEqual([90, 90]);
  });

  it('survive the wire: from the columns of a window they merge as before', () => {
    fc.assert(
      fc.property(readings, readings, (early, late) => {
        const sent = [early, late].map((list, index) => {
          const moments = new Moments();
          for (const value of list) moments.record(value + 0);
          return Moments.from(moments, 10 * index);
        });
        sent[1]!.merge(sent[0]!);
        const values = [...early, ...late].map((value) => value + 0);
        expectMomentsOf(sent[1]!, values);
        expect([sent[1]!.first, sent[1]!.last]).toEqual([values[0], values.at(-1)]);
      }),
    );
  });

  it('pass over what is not finite, and saturate instead of becoming infinite', () => {
    const moments = new Moments();
    expect(moments.recordBlock(Float64Array.of(NaN, 1, Infinity, 3, -Infinity))).toBe(2);
    moments.record(NaN);
    expect(moments).toMatchObject({ count: 2, sum: 4, first: 1, last: 3 });
    const huge = new Moments();
    for (const value of [Number.MAX_VALUE, Number.MAX_VALUE, -Number.MAX_VALUE]) huge.record(value);
    for (const value of [huge.sum, huge.mean, huge.m2]) expect(Number.isFinite(value)).toBe(true);
  });

  it('are as new after a reset', () => {
    const moments = new Moments();
    moments.record(5, 7);
    moments.reset();
    moments.record(1, 2);
    expect(moments).toMatchObject({ count: 1, sum: 1, mean: 1, m2: 0, first: 1, lastAtUs: 2 });
  });
});
