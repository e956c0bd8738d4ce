import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BurstPlan, TriggerPlan } from './burst-plan.ts';
import { BurstRecorder, pendingBurstSamplesMax } from './burst-recorder.ts';
import { createTrigger } from './trigger.ts';

const rising: TriggerPlan = { kind: 'level', level: 1, hysteresis: 0.5, edge: 'rising' };

function recorderOf(plan: Partial<BurstPlan> = {}): {
  recorder: BurstRecorder;
  notes: Record<string, number>;
} {
  const notes: Record<string, number> = {};
  const full = { beforeUs: 10, afterUs: 20, ringSamples: 1000, trigger: rising, ...plan };
  const recorder = new BurstRecorder(full, (event, count) => {
    notes[event] = (notes[event] ?? 0) + count;
  });
  return { recorder, notes };
}

/** Samples a µs apart from `fromUs` on, in blocks of the given lengths, over and over. */
function feed(
  recorder: BurstRecorder,
  values: readonly number[],
  blocks: readonly number[],
  fromUs = 0,
): void {
  for (let row = 0, block = 0; row < values.length; block++) {
    const part = values.slice(row, row + blocks[block % blocks.length]!);
    const first = row;
    recorder.record(
      Float64Array.from(part, (_, index) => fromUs + first + index),
      Float64Array.from(part),
    );
    row += part.length;
  }
}

function drain(recorder: BurstRecorder, maxRows = 1e6): number[][] {
  const bursts: number[][] = [];
  for (let burst = recorder.take(maxRows); burst !== undefined; burst = recorder.take(maxRows)) {
    bursts.push([...burst.t]);
  }
  return bursts;
}

function rows(trigger: TriggerPlan, values: readonly number[], intervalUs = 1): number[] {
  const found = createTrigger(trigger);
  const t = Float64Array.from(values, (_, index) => index * intervalUs);
  const hits: number[] = [];
  for (let at = found.find(t, Float64Array.from(values), 0); at < values.length;) {
    hits.push(at);
    at = found.find(t, Float64Array.from(values), at + 1);
  }
  return hits;
}

describe('triggers', () => {
  it('by level start when it is reached, and again only after the hysteresis', () => {
    expect(rows(rising, [2, 0.9, 1.1, 0.4, 0.9, 1, 1.2, NaN, 0.6, 1.5, 0.5, 3])).toEqual([5, 11]);
    expect(rows({ ...rising, edge: 'falling' }, [0, 1.4, 0.9, 1.5, 1, 0])).toEqual([4]);
    expect(rows({ ...rising, hysteresis: 0 }, [1, 1, 0.99, 1, 1])).toEqual([3]);
  });

  it('by slope start where a step is steep enough, once as long as it stays so', () => {
    expect(rows({ kind: 'slope', perSec: 1000 }, [0, 0.5, 1.5, 3, 3, NaN, 5], 1000)).toEqual([2, 6]);
    expect(rows({ kind: 'slope', perSec: -1000 }, [3, 2.5, 1.5, 3, 2], 1000)).toEqual([2, 4]);
  });

  it('by z-score start at an outlier, and not before the spread is known', () => {
    const quiet = Array.from({ length: 300 }, (_, index) => 20 + Math.sin(index * 1.7));
    const list = [40, ...quiet, 40, ...quiet, -10];
    expect(rows({ kind: 'z-score', z: 6, samples: 100 }, list)).toEqual([301, 602]);
    expect(
      rows(
        { kind: 'z-score', z: 6, samples: 100 },
        Array.from({ length: 500 }, () => 5),
      ),
    ).toEqual([]);
  });
});

describe('bursts', () => {
  it('hold every sample from before to after each trigger, once and in order, whatever the blocks', () => {
    const values = fc.array(fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0.8, 2), { maxLength: 400 });
    const blocks = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(values, blocks, fc.nat(40), fc.nat(40), (list, lengths, beforeUs, afterUs) => {
        const { recorder, notes } = recorderOf({ beforeUs, afterUs });
        feed(recorder, list, lengths);
        recorder.closeAll();
        const hits = rows(rising, list);
        const expected = list
          .map((_, at) => at)
          .filter((at) => hits.some((hit) => at >= hit - beforeUs && at <= hit + afterUs));
        expect(drain(recorder).flat()).toEqual(expected);
        expect((notes['burst-triggers'] ?? 0) + (notes['burst-extended'] ?? 0)).toBe(hits.length);
        expect(notes['burst-ring-short']).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('are handed over while they last, so that a crash takes what came since: each sample once and in order', () => {
    const values = fc.array(fc.constantFrom(0, 0, 0, 0, 2), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 30 }), (list, blockRows) => {
        const [whole, parted] = [recorderOf(), recorderOf()];
        feed(whole.recorder, list, [blockRows]);
        whole.recorder.closeAll();
        const taken: number[] = [];
        for (let from = 0; from < list.length; from += blockRows) {
          feed(parted.recorder, list.slice(from, from + blockRows), [blockRows], from);
          taken.push(...drain(parted.recorder).flat());
          // All that belongs to a burst so far is out.
          expect(drain(parted.recorder)).toEqual([]);
        }
        parted.recorder.closeAll();
        expect([...taken, ...drain(parted.recorder).flat()]).toEqual(drain(whole.recorder).flat());
        expect(parted.notes).toEqual(whole.notes);
      }),
    );
  });

  it('carry the values of their times, also where the ring has wrapped within one', () => {
    const { recorder } = recorderOf({ ringSamples: 16, beforeUs: 10, afterUs: 5 });
    const list = Array.from({ length: 100 }, (_, index) => (index === 70 ? 100 : -index));
    feed(recorder, list, [7]);
    const burst = recorder.take(1000);
    expect([...(burst?.t ?? [])]).toEqual(Array.from({ length: 16 }, (_, index) => 60 + index));
    expect([...(burst?.v ?? [])]).toEqual(list.slice(60, 76));
  });

  it('say so where the ring is too short for what goes before', () => {
    const { recorder, notes } = recorderOf({ ringSamples: 8 });
    feed(recorder, [...Array.from({ length: 50 }, () => 0), 2], [5]);
    recorder.closeAll();
    expect(drain(recorder)).toEqual([[42, 43, 44, 45, 46, 47, 48, 49, 50]]);
    expect(notes).toEqual({ 'burst-triggers': 1, 'burst-ring-short': 1 });
  });

  it('come by command, at the newest sample, with or without a trigger', () => {
    const { recorder } = recorderOf({ trigger: undefined });
    expect(recorder.triggerNow(7)).toEqual({ fromUs: -3, toUs: 27 });
    recorder.closeDue(28, 1);
    feed(recorder, Array.from({ length: 100 }, () => 0), [30], 100); // prettier-ignore
    expect(recorder.triggerNow(5000)).toEqual({ fromUs: 189, toUs: 219 });
    feed(recorder, Array.from({ length: 100 }, () => 0), [30], 200); // prettier-ignore
    expect(drain(recorder)).toEqual([Array.from({ length: 31 }, (_, index) => 189 + index)]);
  });

  it('end by the clock where no more samples come, and travel in parts', () => {
    const { recorder } = recorderOf();
    feed(recorder, [0, 0, 2, 0], [4]);
    recorder.closeDue(22, 10);
    expect(recorder.waitingRows).toBe(0);
    recorder.closeDue(32, 10);
    expect(recorder.waitingRows).toBe(4);
    expect(drain(recorder, 3)).toEqual([[0, 1, 2], [3]]);
  });

  it('are bounded: what finds no room is counted', () => {
    const { recorder, notes } = recorderOf({ afterUs: 1e12 });
    feed(recorder, [0, 2], [2]);
    recorder.record(
      Float64Array.from({ length: 1000 }, (_, at) => 2 + at),
      new Float64Array(1000),
    );
    for (let from = 1002; from < pendingBurstSamplesMax + 200_000; from += 50_000) {
      recorder.record(Float64Array.from({ length: 50_000 }, (_, at) => from + at), new Float64Array(50_000)); // prettier-ignore
    }
    expect(notes['burst-truncated']).toBe(1);
    expect(recorder.waitingRows).toBeLessThanOrEqual(pendingBurstSamplesMax);
    expect(recorder.triggerNow(0)).toBeDefined();
    recorder.take(1e6);
    expect(recorder.waitingRows).toBe(0);
  });
});
