import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ContentHash } from './content-hash.ts';

const hash = new ContentHash();

function hashOf(work: (hash: ContentHash) => void): number {
  hash.begin();
  work(hash);
  return hash.end();
}

describe('ContentHash', () => {
  test('gives no two of a hundred thousand neighbouring contents one hash', () => {
    const seen = new Set<number>();
    for (let seq = 0; seq < 100_000; seq++) {
      seen.add(
        hashOf((content) => {
          content.text('air/temperature');
          content.number(20 + seq / 100);
          content.doubles(Float64Array.of(1.79e15, 1.79e15 + seq));
        }),
      );
    }
    expect(seen.size).toBe(100_000);
  });

  test('is that of the content, whatever was hashed before', () => {
    fc.assert(
      fc.property(fc.string(), fc.double(), fc.float64Array(), (text, number, column) => {
        const all = (content: ContentHash): void => {
          content.text(text);
          content.number(number);
          content.doubles(column);
        };
        const one = hashOf(all);
        hashOf((content) => content.text('another'));
        expect(hashOf(all)).toBe(one);
      }),
    );
  });

  test.each([
    [
      'where a text ends',
      (c: ContentHash) => (c.text('ab'), c.text('c')),
      (c: ContentHash) => (c.text('a'), c.text('bc')),
    ],
    [
      'where a column ends',
      (c: ContentHash) => c.doubles(Float64Array.of(0)),
      (c: ContentHash) => c.doubles(Float64Array.of(0, 0)),
    ],
    ['the sign of zero', (c: ContentHash) => c.number(0), (c: ContentHash) => c.number(-0)],
    ['an odd last character', (c: ContentHash) => c.text('abc'), (c: ContentHash) => c.text('abd')],
    [
      'one byte',
      (c: ContentHash) => c.bytes(Uint8Array.of(1, 2)),
      (c: ContentHash) => c.bytes(Uint8Array.of(2, 1)),
    ],
  ])('tells apart by %s', (_what, one, other) => {
    expect(hashOf(one)).not.toBe(hashOf(other));
  });

  test('knows one NaN', () => {
    const odd = new Float64Array(new BigUint64Array([0x7ff8_0000_0000_0123n]).buffer);
    const plain = Float64Array.of(NaN);
    expect(hashOf((content) => content.doubles(odd))).toBe(hashOf((content) => content.doubles(plain)));
  });

  test('takes a long column as the same values one by one', () => {
    const value = fc.oneof(fc.double(), fc.constantFrom(NaN, 0, -0));
    fc.assert(
      fc.property(fc.array(value, { minLength: 9, maxLength: 40 }), (values) => {
        const whole = hashOf((content) => content.doubles(Float64Array.from(values)));
        const oneByOne = hashOf((content) => {
          content.word(values.length);
          for (const each of values) content.number(each);
        });
        expect(whole).toBe(oneByOne);
      }),
    );
  });
});
