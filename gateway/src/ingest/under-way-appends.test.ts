import { promotedBytes } from '@fieldline/protocol/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UnderWayAppends, type UnderWay } from './under-way-appends.ts';

function append(digest: number, about?: unknown): UnderWay & { about: unknown } {
  return { digest, stored: Promise.resolve(), about };
}

describe('appends under way', () => {
  test('are found by their seq as in a map, in whatever order they begin and end', () => {
    const step = fc.record({ seq: fc.nat(40), ends: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const appends = new UnderWayAppends();
        const known = new Map<number, UnderWay>();
        for (const [number, { seq, ends }] of steps.entries()) {
          if (ends) {
            appends.end(seq);
            known.delete(seq);
          } else if (!known.has(seq)) {
            const begun = append(number);
            appends.begin(seq, begun);
            known.set(seq, begun);
          }
          expect(appends.size).toBe(known.size);
          for (let each = 0; each <= 41; each++) expect(appends.get(each)).toBe(known.get(each));
        }
      }),
    );
  });

  test('leave nothing behind that lives on', async () => {
    const appends = new UnderWayAppends();
    let seq = 0;
    const bytes = await promotedBytes(() => {
      appends.begin(seq, append(seq, new Array<number>(500).fill(seq)));
      if (seq >= 20) appends.end(seq - 20);
      seq += 1;
    });
    expect(bytes).toBeLessThan(100_000);
  });

  test('do not grow behind one that does not end', () => {
    const appends = new UnderWayAppends();
    appends.begin(0, append(0));
    for (let seq = 1; seq < 10_000; seq++) {
      appends.begin(seq, append(seq));
      if (seq > 1) appends.end(seq - 1);
    }
    expect(appends.size).toBe(2);
    expect(appends.places).toBeLessThan(100);
  });
});
