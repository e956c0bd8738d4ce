import { expect, test } from 'vitest';
import { resolveKeep } from './embedded-schema.ts';

test('everything is kept for ever where nobody says otherwise', () => {
  expect(resolveKeep()).toEqual({ readings: Infinity, '10s': Infinity, '1m': Infinity, '1h': Infinity });
});

test('each resolution has its age', () => {
  const file = { keepReadings: '30d', keepTenSeconds: '90d', keepMinutes: '400d', keepHours: 'forever' };
  const dayUs = 86_400e6;
  expect(resolveKeep(file)).toEqual({ readings: 30 * dayUs, '10s': 90 * dayUs, '1m': 400 * dayUs, '1h': Infinity }); // prettier-ignore
});

test.each([
  [{ keepReadings: 'soon' }, 'embedded.keepReadings'],
  [{ keepHours: '0s' }, 'embedded.keepHours'],
  [{ keepMinutes: '10d', keepHours: '1d' }, 'embedded.keepHours'],
  [{ keepReadings: '10d', keepTenSeconds: '1d', keepMinutes: '1d', keepHours: '2d' }, 'embedded.keepHours'],
])('%o is refused by name', (file, subject) => {
  expect(() => resolveKeep(file)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID_VALUE', subject }));
});
