import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { style } from './style.ts';
import { count, table } from './table.ts';

test('columns stand under their heads whether or not there is colour', () => {
  const plain = table(
    [{ head: 'name' }, { head: 'n', align: 'right' }],
    [
      ['a', '1'],
      ['long', '1 000'],
    ],
    style(false),
  );
  expect(plain).toBe('name      n\na         1\nlong  1 000');
  const coloured = style(true);
  const painted = table(
    [{ head: 'name' }, { head: 'n', align: 'right' }],
    [
      [coloured.bold('a'), coloured.bad('1')],
      ['long', '1 000'],
    ],
    style(false),
  );
  expect(stripVTControlCharacters(painted)).toBe(plain);
});

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1 000'],
  [1234567, '1 234 567'],
])('%i is shown as %s', (value, shown) => {
  expect(count(value)).toBe(shown);
});
