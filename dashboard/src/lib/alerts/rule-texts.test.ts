import { AlertCondition, AlertRuleDraft } from '@fieldline/protocol';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { conditionFields, conditionKinds } from './condition-fields.ts';
import { concerns, streamsOf } from './matching-streams.ts';
import { emptyRule, idOf, parseRuleTexts, readRule, textsOf } from './rule-texts.ts';

const figure = fc.double({ min: -1000, max: 1000, noNaN: true }).map((value) => value + 0);
const positive = fc.double({ min: 0.001, max: 1, noNaN: true });
const time = fc.constantFrom('0s', '1.5m', '10d', '250ms');
const streams = fc.constantFrom('*', '*/air/temperature', 'a-1/*/*');
const devices = fc.constantFrom('*', 'a-1');
const maybe = <T>(key: string, value: fc.Arbitrary<T>) =>
  fc.option(value).map((each) => (each === null ? {} : { [key]: each }));
const of = (kind: string, ...parts: fc.Arbitrary<object>[]) =>
  fc.tuple(...parts).map((all) => Object.assign({ kind }, ...all) as AlertCondition);
const key = <T>(name: string, value: fc.Arbitrary<T>) => value.map((each) => ({ [name]: each }));

const circle = fc
  .tuple(positive, positive, positive)
  .map(([lat, lon, radiusM]) => ({ fence: { shape: 'circle', lat, lon, radiusM } }));
const polygon = fc
  .array(fc.tuple(positive, positive), { minLength: 3, maxLength: 6 })
  .map((points) => ({ fence: { shape: 'polygon', points } }));

/** Conditions of every kind that the gateway takes. */
const conditions: Record<(typeof conditionKinds)[number], fc.Arbitrary<AlertCondition>> = {
  threshold: of(
    'threshold',
    ...[key('streams', streams), key('is', fc.constantFrom('above', 'below')), key('limit', figure)],
    ...[maybe('clear', figure), key('of', fc.constantFrom('mean', 'min', 'max'))],
  ),
  rate: of(
    'rate',
    ...[key('streams', streams), key('is', fc.constantFrom('rising', 'falling', 'changing'))],
    ...[key('limitPerSec', positive), maybe('clearPerSec', positive), key('over', time)],
  ),
  stuck: of('stuck', key('streams', streams), key('after', time), maybe('tolerance', positive)),
  'no-data': of('no-data', key('streams', streams), key('after', time)),
  'silent-device': of('silent-device', key('devices', devices), key('after', time)),
  'device-alarm': of('device-alarm', key('devices', devices)),
  geofence: of(
    'geofence',
    key('sensors', fc.constantFrom('*', '*/gnss', 'a-1/gnss')),
    fc.oneof(circle, polygon),
    maybe('marginM', positive),
  ),
  ledger: of('ledger', key('devices', devices), maybe('above', fc.nat(100))),
  stage: of(
    'stage',
    key('stages', fc.constantFrom('*', 'live')),
    key('above', positive),
    maybe('clear', positive),
  ),
};

describe.each(conditionKinds)('a rule of kind %s', (kind) => {
  test('comes back from its form as it went in, and is one that the gateway takes', () => {
    const severity = fc.constantFrom('info', 'warning', 'critical' as const);
    fc.assert(
      fc.property(conditions[kind], severity, fc.boolean(), (condition, level, enabled) => {
        const rule = {
          name: 'A rule',
          enabled,
          severity: level,
          condition,
          for: '30s',
          deliverTo: ['oncall'],
        };
        const draft = { ...rule, remedy: 'Go and look.' };
        const read = readRule(textsOf(draft));
        expect(read).toEqual({ ok: true, draft });
        expect(Value.Check(AlertRuleDraft, read.ok && read.draft)).toBe(true);
        expect(parseRuleTexts(JSON.stringify(textsOf(draft)))).toEqual(textsOf(draft));
      }),
    );
  });

  test('has every key of its schema in its form', () => {
    const schema = AlertCondition.anyOf.find((each) => each.properties.kind.const === kind);
    const keys = Object.keys(schema?.properties ?? {}).filter((name) => name !== 'kind' && name !== 'fence');
    const names = conditionFields[kind]
      .map(({ name }) => name)
      .filter((name) => !['shape', 'lat', 'lon', 'radiusM', 'points'].includes(name));
    expect(names.toSorted()).toEqual(keys.toSorted());
  });

  test('names what is missing or wrong, by field', () => {
    const read = readRule({ ...emptyRule, kind });
    expect(read.ok).toBe(false);
    if (read.ok) return;
    expect(read.problems).toHaveProperty('name');
    expect(Object.keys(read.problems).length).toBeGreaterThan(1);
    const wrong = Object.fromEntries(conditionFields[kind].map(({ name }) => [name, '?!']));
    const again = readRule({
      ...emptyRule,
      name: 'x',
      kind,
      fields: { ...wrong, shape: 'circle' },
      for: 'soon',
    });
    expect(again.ok ? {} : again.problems).toHaveProperty('for');
  });
});

test('texts of an address that are none are nothing', () => {
  for (const text of [null, '', '{', '[]', '7', '{"fields":{}}', '{"fields":[],"kind":"rate"}'])
    expect(parseRuleTexts(text)).toBeUndefined();
});

test('an id is made of a name', () => {
  expect(['Cold store is too warm', '  Überdruck! (2)', '***', 'a'.repeat(90)].map(idOf)).toEqual([
    'cold-store-is-too-warm',
    'uberdruck-2',
    '',
    'a'.repeat(63),
  ]);
});

test('streams that a condition looks at, and whom a subject concerns', () => {
  const all = ['a/air/temperature', 'b/air/temperature', 'b/gnss/lat', 'b/gnss/lon', 'b/gnss/speed'];
  const after = { after: '5m' } as const;
  expect(streamsOf({ kind: 'no-data', streams: '*/air/temperature', ...after }, all)).toHaveLength(2);
  expect(streamsOf({ kind: 'no-data', streams: '*', ...after }, all)).toEqual(all);
  expect(streamsOf({ kind: 'silent-device', devices: '*', ...after }, all)).toEqual([]);
  const fence = { shape: 'circle', lat: 0, lon: 0, radiusM: 1 } as const;
  for (const sensors of ['*', 'b/*'])
    expect(streamsOf({ kind: 'geofence', sensors, fence }, all)).toEqual(['b/gnss/lat', 'b/gnss/lon']);
  expect([
    concerns('b/gnss', 'b/gnss/lat'),
    concerns('b/gn', 'b/gnss/lat'),
    concerns('a/b/c', 'a/b/c'),
  ]).toEqual([true, false, true]);
});
