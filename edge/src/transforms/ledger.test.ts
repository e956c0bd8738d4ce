import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TransformRig } from '../testing/transform-case.ts';
import { transforms } from './registry.ts';
import type { TransformKeys } from './transform-keys.ts';

const action = fc.constantFrom('drop' as const, 'uncertain' as const, 'bad' as const);

/** A stage of any kind that one stream may have; `join` and `privacy` stand at the ends and are added there. */
const stage: fc.Arbitrary<TransformKeys[number]> = fc.oneof(
  fc.record({
    calibrate: fc.constantFrom({ linear: { scale: -2, offset: 1 } }, { platinum: {}, unit: 'Cel' }),
  }),
  fc.constant({
    calibrate: {
      table: {
        points: [
          [-5, 0],
          [5, 1e300],
        ],
      },
      unit: 'Cel',
    },
  }),
  fc.constant({ calibrate: { polynomial: { coefficients: [0, 1, 1e300] } } }),
  fc.constant({ units: { from: 'Cel', to: 'Cel' } }),
  fc.record({ range: fc.record({ min: fc.constant(-6), max: fc.constant(7), action }) }),
  fc.record({ spike: fc.record({ window: fc.integer({ min: 3, max: 7 }), action }) }),
  fc.record({ stuck: fc.record({ after: fc.constantFrom('1s', '20s'), tolerance: fc.constant(1), action }) }),
  fc.record({ deadband: fc.record({ absolute: fc.double({ min: 0, max: 3, noNaN: true }) }) }),
  fc.record({
    'swinging-door': fc.record({
      deviation: fc.double({ min: 0, max: 3, noNaN: true }),
      maxInterval: fc.constantFrom('5s', '1h'),
    }),
  }),
  fc.record({ dedupe: fc.record({ within: fc.constantFrom('0s', '3s') }) }),
  fc.constant({ rate: { counter: true, wrap: 10, unit: 'Cel' } }),
);

const value = fc.oneof(
  fc.integer({ min: -9, max: 9 }),
  fc.double(),
  fc.constantFrom(0, -0, Number.NaN, Number.NEGATIVE_INFINITY, 1e308),
);
const step = fc.oneof(
  fc.record({
    kind: fc.constant('emit' as const),
    sensor: fc.constantFrom('air', 'car'),
    rows: fc.array(fc.tuple(fc.integer({ min: -3, max: 9 }), value, value), { maxLength: 12 }),
    absent: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('interrupt' as const), sensor: fc.constantFrom('air', 'car') }),
  fc.record({ kind: fc.constant('seal' as const), sec: fc.integer({ min: 0, max: 30 }) }),
);

describe('the account of a transformed stream', () => {
  it('adds up at every seal, whatever stages in whatever order, raw or in windows', () => {
    const chain = fc.array(stage, { maxLength: 5 });
    const hidden: TransformKeys = [
      { privacy: { zones: [{ name: 'home', lat: 0, lon: 0, radius: 500_000 }] } },
    ];
    const joined: TransformKeys = [{ join: { sensor: 'car', quantities: ['lat', 'lon'], tolerance: '5s' } }];
    fc.assert(
      fc.property(chain, chain, chain, fc.array(step, { maxLength: 25 }), (first, second, third, steps) => {
        const rig = new TransformRig({
          air: {
            temperature: { unit: 'Cel', transforms: [...first, ...joined] },
            humidity: { unit: '%RH', transforms: second, windowSec: 10 },
          },
          car: {
            lat: { unit: 'Cel', transforms: [...hidden, ...third] },
            lon: { unit: 'Cel', transforms: hidden },
          },
        });
        let nowSec = 1000;
        const taken = new Map<string, number>();
        for (const each of steps) {
          if (each.kind === 'interrupt') rig.interrupt(each.sensor);
          else if (each.kind === 'seal') expect(rig.seal((nowSec += each.sec))).toEqual([]);
          else {
            const columns = [1, 2].map((at) => each.rows.map((row) => row[at] ?? Number.NaN));
            rig.emit(
              each.sensor,
              each.rows.map(([sec]) => nowSec + sec),
              each.absent ? [columns[0]] : columns,
            );
            const names = each.sensor === 'air' ? ['temperature', 'humidity'] : ['lat', 'lon'];
            names.slice(0, each.absent ? 1 : 2).forEach((name) => {
              const stream = `${each.sensor}/${name}`;
              taken.set(stream, (taken.get(stream) ?? 0) + each.rows.length);
            });
          }
        }
        expect(rig.finish()).toEqual([]);
        const totals = rig.ledger.snapshot(new Map());
        for (const [name, total] of Object.entries(totals)) {
          expect(total.taken, name).toBe(total.filtered + total.batched);
          if (taken.has(name)) expect(total.taken, name).toBe(taken.get(name));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('names under reasons only what the reference lists', () => {
    const listed = transforms.flatMap(({ reasons }) => reasons.map(({ reason }) => reason));
    const rig = new TransformRig({
      air: {
        value: {
          unit: 'Cel',
          transforms: [
            { calibrate: { polynomial: { coefficients: [0, 1e300] } } },
            { range: { max: 5e300 } },
            { spike: { action: 'bad' } },
            { rate: { unit: 'Cel' } },
          ],
        },
      },
    });
    rig.emit('air', [0, 1, 1, 2, 3, 4], [[1, 9, 2, 2, 1e100, 4]]);
    rig.finish();
    const counted = Object.keys(rig.ledger.reasons()['air/value'] ?? {});
    expect(counted.length).toBeGreaterThan(2);
    expect(counted.filter((reason) => !listed.includes(reason.replace(/^marked-/, '')))).toEqual([]);
  });
});
