import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dumpOf, escapedText, fromBase64url } from './bytes.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

test('base64url comes back to the byte, and what is none is nothing', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(fromBase64url(Buffer.from(bytes).toString('base64url'))).toEqual(Uint8Array.from(bytes));
    }),
  );
  expect(fromBase64url('?')).toHaveLength(0);
});

test('a dump holds every byte, whatever its width', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 20 }), (bytes, width) => {
      const lines = dumpOf(bytes, width);
      const hex = lines.map((line) => line.hex.replaceAll(' ', '')).join('');
      expect(hex).toBe(Buffer.from(bytes).toString('hex'));
      expect(lines.map(({ offset }) => offset)).toEqual(lines.map((_, index) => index * width));
      expect(lines.every(({ text }) => /^[ -~]*$/.test(text))).toBe(true);
    }),
  );
});

describe('text of unknown bytes', () => {
  test.each([
    ['{"v":1}', '{"v":1}'],
    ['a\nb\tc', 'a\nb\tc'],
    ['\u0000\u001b[31m', '\\x00\\x1b[31m'],
    ['x\u202etxt.exe\u200b\ufeff', 'x\\u{202e}txt.exe\\u{200b}\\u{feff}'],
    ['Grüße 🌱', 'Grüße 🌱'],
    ['back\\slash', 'back\\\\slash'],
    ['\u2028', '\\u{2028}'],
  ])('%j reads %s', (text, shown) => expect(escapedText(utf8(text))).toBe(shown));

  test('bytes that are no UTF-8 stand as they are', () => {
    expect(escapedText(Uint8Array.of(0xa2, 0x61, 0xc3, 0x28, 0xf0, 0x9f))).toBe('\\xa2a\\xc3(\\xf0\\x9f');
    expect(escapedText(Uint8Array.of(0xc0, 0x80, 0xed, 0xa0, 0x80))).toBe('\\xc0\\x80\\xed\\xa0\\x80');
  });

  test('different bytes never read the same, and nothing unseen remains', () => {
    const bytes = fc.oneof(fc.uint8Array(), fc.string({ unit: 'binary' }).map(utf8));
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        if (Buffer.compare(a, b) !== 0) expect(escapedText(a)).not.toBe(escapedText(b));
        expect(escapedText(a)).not.toMatch(/(?![\n\t])\p{C}/u);
      }),
    );
  });
});
