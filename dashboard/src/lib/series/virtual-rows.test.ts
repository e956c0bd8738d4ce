import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rowWindow } from './virtual-rows.ts';

test('every row in sight is drawn, and not many more', () => {
  const list = fc.record({
    count: fc.integer({ min: 0, max: 20_000 }),
    rowPx: fc.integer({ min: 20, max: 200 }),
    topPx: fc.integer({ min: -2_000_000, max: 3000 }),
    viewPx: fc.integer({ min: 100, max: 3000 }),
  });
  fc.assert(
    fc.property(list, (given) => {
      const { first, end } = rowWindow(given);
      expect(first).toBeGreaterThanOrEqual(0);
      expect(end).toBeGreaterThanOrEqual(first);
      expect(end).toBeLessThanOrEqual(given.count);
      expect(end - first).toBeLessThanOrEqual(given.viewPx / given.rowPx + 18);
      expect(end - first).toBe(rowWindow({ ...given, topPx: 0 }).end);
      for (const row of [0, given.count - 1, Math.floor(-given.topPx / given.rowPx) + 1]) {
        if (row < 0 || row >= given.count) continue;
        const top = given.topPx + row * given.rowPx;
        const inSight = top < given.viewPx && top + given.rowPx > 0;
        if (inSight) expect(row >= first && row < end).toBe(true);
      }
    }),
  );
});
