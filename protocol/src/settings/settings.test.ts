import { describe, expect, test } from 'vitest';
import { nearestKey, parseSize } from './index.ts';

describe('parseSize', () => {
  test.each([
    ['1B', 1],
    ['256MB', 256e6],
    ['1.5 KiB', 1536],
    ['2GiB', 2 ** 31],
  ])('reads %s', (text, sizeBytes) => {
    expect(parseSize(text)).toEqual({ ok: true, value: sizeBytes });
  });

  test.each(['', '12', 'MB', '-1MB', '1XB', '1e3KB', '999999999999GiB'])('refuses %j', (text) => {
    expect(parseSize(text)).toMatchObject({ ok: false, refusal: { code: 'CONFIG_INVALID_VALUE' } });
  });
});

describe('nearestKey', () => {
  test('finds the key that was meant, letter case aside', () => {
    expect(nearestKey('baudrat', ['port', 'baudRate', 'silence'])).toBe('baudRate');
    expect(nearestKey('FLUSH', ['flush', 'device'])).toBe('flush');
  });

  test('suggests nothing where nothing is near', () => {
    expect(nearestKey('colour', ['port', 'baudRate'])).toBeUndefined();
  });
});
