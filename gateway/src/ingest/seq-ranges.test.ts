import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRanges, SeqRanges } from './seq-ranges.ts';

describe('SeqRanges', () => {
  test('is a set of numbers, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 })), (seqs) => {
        const ranges = new SeqRanges();
        const set = new Set<number>();
        for (const seq of seqs) {
          expect(ranges.wouldSplit(seq)).toBe(!set.has(seq) && !set.has(seq - 1) && !set.has(seq + 1));
          ranges.add(seq);
          set.add(seq);
        }
        const read = new SeqRanges(parseRanges(JSON.stringify(ranges.toArray())));
        for (let seq = 0; seq <= 61; seq++) expect(read.has(seq)).toBe(set.has(seq));
        expect(read.last).toBe(Math.max(0, ...set));
        const pieces = [...set].filter((seq) => !set.has(seq - 1)).length;
        expect(read.count).toBe(pieces);
      }),
    );
  });
});
