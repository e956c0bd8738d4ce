import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RowCounter, type CountedFormat } from './row-counter.ts';

const cell = fc.string({ unit: fc.constantFrom('a', '"', '\n', '\r\n', ',', '\\', 'é') });
const csvCell = (text: string) => `"${text.replaceAll('"', '""')}"`;

/** Counts `text`, cut into pieces of these lengths. */
function counted(format: CountedFormat, text: string, cuts: readonly number[]): number {
  const counter = new RowCounter(format);
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  for (const length of cuts) {
    counter.take(bytes.subarray(at, at + length));
    at += length;
  }
  counter.take(bytes.subarray(at));
  return counter.rows;
}

test('rows are counted whatever their texts hold and however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 1 })), fc.array(fc.nat(20)), (rows, cuts) => {
      const csv = ['a,b', ...rows.map((row) => row.map(csvCell).join(','))].map((line) => `${line}\r\n`);
      expect(counted('csv', csv.join(''), cuts)).toBe(rows.length);
      const ndjson = rows.map((row) => `${JSON.stringify(row)}\n`);
      expect(counted('ndjson', ndjson.join(''), cuts)).toBe(rows.length);
    }),
  );
});

test('nothing has no rows, and a head is none', () => {
  expect(counted('csv', '', [])).toBe(0);
  expect(counted('csv', 'time,value\r\n', [3])).toBe(0);
});
