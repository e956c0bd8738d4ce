import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DialectOptions } from '../../config/dialect-schema.ts';
import { Dialect } from './dialect.ts';
import { parseLine } from './line-protocol/parse-line.ts';
import { safeName } from './safe-name.ts';
import { TopicPattern } from './topic-pattern.ts';

const name = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const formats = ['value', 'key-value', 'json', 'line-protocol'] as const;

describe('whatever a peer sends', () => {
  test.each(formats)('%s never throws, and yields valid names and finite numbers alone', (format) => {
    const options: DialectOptions = { account: 'a', format, topics: ['x/{device}'], sensor: '{device}' };
    const dialect = new Dialect(options);
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
      fc.json().map((text) => Buffer.from(text)),
      fc.tuple(fc.string(), fc.double()).map(([key, value]) => Buffer.from(`${key}=${value}`)),
      fc.tuple(fc.string(), fc.string()).map(([key, tag]) => Buffer.from(`m,t=${tag} ${key}=1 5`)),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), payload, (level, bytes) => {
        const topic = `x/${level}`;
        const names = dialect.namesOf(topic);
        if (!names) return;
        const content = dialect.read({ topic, payload: bytes, names, receivedAtUs: 1 });
        if (!content.ok) return;
        for (const { device, sensor, type, quantity, unit, value, timeUs } of content.value.readings) {
          for (const each of [device, sensor, type, quantity]) expect(each).toMatch(name);
          expect(device).not.toContain('_');
          expect(unit).toMatch(/^[\x21-\x7e]{1,32}$/);
          expect(value === undefined || Number.isFinite(value)).toBe(true);
          expect(Number.isInteger(timeUs)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a name is made safe once and for all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const safe = safeName(text, 'device');
        if (safe !== undefined) expect([safe, safeName(safe, 'device')]).toEqual([safe, safe]);
      }),
    );
  });

  test('a line is parsed as it was written', () => {
    const text = fc.string({ minLength: 1 }).filter((each) => !/[\n"\\]/.test(each));
    // A negative zero is written as 0.
    const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value || 0);
    const escaped = (each: string): string => each.replaceAll(/[,= ]/g, (char) => `\\${char}`);
    fc.assert(
      fc.property(text, text, text, number, (m, tag, field, value) => {
        const line = `${escaped(m)},t=${escaped(tag)} ${escaped(field)}=${String(value).replace('e+', 'e')} 17`;
        expect(parseLine(line)).toEqual({
          measurement: m,
          tags: { t: tag },
          fields: [[field, value]],
          time: 17n,
        });
      }),
    );
  });
});

describe('TopicPattern', () => {
  test.each([
    ['a/{device}/b', 'a/x/b', { device: 'x' }],
    ['a/+/{q}', 'a/x/y', { q: 'y' }],
    ['a/#', 'a', {}],
    ['a/#', 'a/b/c', {}],
    ['a/{device}', 'a/b/c', undefined],
    ['a/{device}', 'a', undefined],
    ['a/b', 'A/b', undefined],
  ])('%s and %s', (pattern, topic, names) => {
    expect(new TopicPattern(pattern).match(topic)).toEqual(names);
  });

  test.each([
    '',
    '#',
    '+/a',
    '{device}/a',
    '$SYS/a',
    'fieldline/v1/{device}/batch',
    'a/#/b',
    'a/x{device}',
    'a/b+',
  ])('refuses %j', (pattern) => {
    expect(() => new TopicPattern(pattern)).toThrow(RangeError);
  });
});
