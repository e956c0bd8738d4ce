import { expect, test } from 'vitest';
import { senmlUnits } from './senml-units.ts';
import { unitSuffix, unitSuffixes } from './unit-suffix.ts';

test.each([
  ['Cel', ' °C'],
  ['%RH', ' % RH'],
  ['V', ' V'],
  ['deg', '°'],
  ['count', ''],
  ['', ''],
  ['furlong', ' furlong'],
  ['constructor', ' constructor'],
])('%s is written %o', (unit, suffix) => expect(unitSuffix(unit)).toBe(suffix));

test('every unit that is written otherwise is one of the registry', () => {
  expect([...unitSuffixes.keys()].filter((unit) => unit !== '' && !senmlUnits.has(unit))).toEqual([]);
});
