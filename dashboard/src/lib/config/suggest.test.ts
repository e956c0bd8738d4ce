import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { settingsOf, suggest, type Wish } from './suggest.ts';

/** A device on which the n-th setting errs by n and sends 1000 / (n + 1) bytes. */
function device(settings: readonly (string | number)[]) {
  const asked: (string | number)[] = [];
  const measure = (setting: string | number) => {
    asked.push(setting);
    const index = settings.indexOf(setting);
    return Promise.resolve({ worstError: index, bytesPerDay: 1000 / (index + 1) });
  };
  return { asked, measure };
}

describe('suggest', () => {
  const settings = Array.from({ length: 24 }, (_, index) => index + 0.5);
  const wish: fc.Arbitrary<Wish> = fc.oneof(
    fc.double({ min: 0, max: 30, noNaN: true }).map((value): Wish => ({ kind: 'largest-error', value })),
    fc.double({ min: 1, max: 1500, noNaN: true }).map((value): Wish => ({ kind: 'bytes-a-day', value })),
  );

  test('finds what looking at all would find, in few questions', async () => {
    await fc.assert(
      fc.asyncProperty(wish, async (wanted) => {
        const { asked, measure } = device(settings);
        const found = await suggest(settings, wanted, measure);
        const fitting = settings.filter((_, index) =>
          wanted.kind === 'largest-error' ? index <= wanted.value : 1000 / (index + 1) <= wanted.value,
        );
        const best = wanted.kind === 'largest-error' ? fitting.at(-1) : fitting[0];
        expect(found?.fits).toBe(best !== undefined);
        if (best !== undefined) expect(found?.setting).toBe(best);
        expect(asked.length).toBeLessThanOrEqual(5);
      }),
    );
  });

  test('gives up where the device does not answer', async () => {
    expect(
      await suggest(settings, { kind: 'bytes-a-day', value: 1 }, () => Promise.resolve(undefined)),
    ).toBeUndefined();
  });

  test('settings run from fine to coarse', () => {
    expect(settingsOf('deadband', { kind: 'largest-error', value: 0.25 }, 9)).toEqual([0.25]);
    const steps = settingsOf('swinging-door', { kind: 'bytes-a-day', value: 1000 }, 20).map(Number);
    expect([steps[0], steps.at(-1)]).toEqual([0.02, 20]);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(settingsOf('window', { kind: 'bytes-a-day', value: 1 }, 0)[0]).toBe('200ms');
  });
});
