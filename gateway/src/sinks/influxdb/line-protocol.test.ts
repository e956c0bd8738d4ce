import { expect, describe, test } from 'vitest';
import { encodeFloat, encodeKey, encodeMeasurement, encodeString } from './line-protocol.ts';

describe('line protocol', () => {
  test.each([
    ['thermometer', 'thermometer'],
    ['a b,c', 'a\\ b\\,c'],
    ['a=b', 'a=b'],
    ['ü☂', 'ü☂'],
  ])('escapes the measurement %j', (name, expected) => {
    expect(encodeMeasurement(name)).toEqual({ ok: true, value: expected });
  });

  test.each([
    ['a=b c,d', 'a\\=b\\ c\\,d'],
    ['back\\slash', 'back\\slash'],
    ['"quoted"', '"quoted"'],
  ])('escapes the key or tag %j', (name, expected) => {
    expect(encodeKey(name)).toEqual({ ok: true, value: expected });
  });

  test.each([
    ['', 'empty'],
    ['two\nlines', 'line break'],
    ['return\r', 'line break'],
    ['nul\u0000', 'control character'],
    ['trailing\\', 'ends with a backslash'],
    ['a\\,b', 'backslash before'],
    ['half \ud800', 'Unicode'],
  ])('refuses %j, which InfluxDB would misread', (name, reason) => {
    for (const encode of [encodeMeasurement, encodeKey]) {
      const encoded = encode(name);
      expect(encoded).toMatchObject({ ok: false, refusal: { code: 'POINT_NOT_ENCODABLE' } });
      expect(encoded.ok ? '' : encoded.refusal.detail).toContain(reason);
    }
  });

  test('quotes strings', () => {
    expect(encodeString('say "hi" \\ , =')).toBe('"say \\"hi\\" \\\\ , ="');
  });

  test.each([1, -0.5, 1e21, 5e-324, 1.7976931348623157e308])(
    'writes %d so that it reads back the same',
    (value) => {
      expect(Number(encodeFloat(value))).toBe(value);
      expect(encodeFloat(value)).not.toMatch(/i$/);
    },
  );
});
