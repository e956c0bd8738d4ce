import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTimeChoice, readZone, writeRange, writeTimeChoice, type TimeChoice } from './time-address.ts';

const wholeMs = fc.integer({ min: 0, max: 4e12 }).map((ms) => ms * 1000);
const choice: fc.Arbitrary<TimeChoice> = fc.oneof(
  fc.integer({ min: 1, max: 1e9 }).map((ms): TimeChoice => ({ kind: 'live', rangeUs: ms * 1000 })),
  fc
    .tuple(wholeMs, fc.integer({ min: 1, max: 1e9 }))
    .map(([fromUs, ms]): TimeChoice => ({ kind: 'frozen', fromUs, toUs: fromUs + ms * 1000 })),
);

describe('the time in an address', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(choice, (given) => {
        const query = new URLSearchParams('range=1h&tz=utc&from=x');
        writeTimeChoice(query, given);
        expect(readTimeChoice(new URLSearchParams(query.toString()))).toEqual(given);
        expect(query.get('tz')).toBe('utc');
      }),
    );
  });

  test.each(['', 'range=', 'range=-5m', 'range=0s', 'range=9999999d', 'from=tomorrow&to=never'])(
    'is the default where “%s” says nothing',
    (query) => expect(readTimeChoice(new URLSearchParams(query))).toEqual({ kind: 'live', rangeUs: 300e6 }),
  );

  test('does not run backwards', () => {
    const query = new URLSearchParams({ from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' });
    expect(readTimeChoice(query).kind).toBe('live');
  });

  test('is written as people would', () => {
    expect([60e6, 90e6, 7200e6, 86_400e6, 1500e3].map(writeRange)).toEqual([
      '1m',
      '90s',
      '2h',
      '24h',
      '1500ms',
    ]);
  });

  test('names a zone or leaves it', () => {
    expect(
      ['tz=utc', 'tz=local', 'tz=mars', ''].map((query) => readZone(new URLSearchParams(query))),
    ).toEqual(['utc', 'local', undefined, undefined]);
  });
});
