import { expect, test } from 'vitest';
import { retryAfterMaxMs, retryAfterMs } from './retry-after.ts';

const nowMs = Date.UTC(2026, 0, 1);

test.each([
  ['3', 3000],
  [' 120 ', 120_000],
  ['0', undefined],
  ['1e3', undefined],
  ['-5', undefined],
  ['soon', undefined],
  ['', undefined],
  [null, undefined],
  ['99999999999999999999', retryAfterMaxMs],
  [new Date(nowMs + 7000).toUTCString(), 7000],
  [new Date(nowMs - 7000).toUTCString(), undefined],
  [new Date(nowMs + 1e12).toUTCString(), retryAfterMaxMs],
])('Retry-After: %s', (header, expected) => {
  expect(retryAfterMs(header, nowMs)).toBe(expected);
});
