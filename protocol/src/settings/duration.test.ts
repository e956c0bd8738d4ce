import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it('reads every unit, with decimals', () => {
    const cases = {
      '250ms': 250_000,
      '10s': 1e7,
      '1m': 6e7,
      '1.5h': 54e8,
      '30d': 2_592e9,
      '0.0023s': 2300,
      '7us': 7,
    };
    for (const [text, us] of Object.entries(cases))
      expect(parseDuration(text)).toEqual({ ok: true, value: us });
  });

  it('refuses what has no unit, no whole number of microseconds, or no sense', () => {
    for (const text of [
      '10',
      's',
      '-1s',
      '1 s',
      '10 sec',
      '0.5us',
      '1e3s',
      '999999999999999d',
      '',
      '1s1s',
      '١s',
    ]) {
      expect(parseDuration(text), text).toMatchObject({
        ok: false,
        refusal: { code: 'CONFIG_INVALID_VALUE' },
      });
    }
  });

  it('reads back what formatDuration writes', () => {
    expect([0, 250_000, 1e7, 9e7, 36e8].map(formatDuration)).toEqual(['0s', '250ms', '10s', '90s', '1h']);
    fc.assert(
      fc.property(fc.nat({ max: 1e15 }), (us) => {
        expect(parseDuration(formatDuration(us))).toEqual({ ok: true, value: us });
      }),
    );
  });
});
