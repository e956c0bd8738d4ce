import fc from 'fast-check';
import { Sketch } from '../aggregate/index.ts';
import type {
  Batch,
  ReadingsBlock,
  SensorBlock,
  StreamLedger,
  WindowsBlock,
  WindowsField,
} from '../schema/index.ts';

const name = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,20}$/);
const time = fc.integer({ min: 0, max: 2 ** 52 });
const finite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -99_999, max: 99_999 }).map((integer) => integer / 100),
  fc.constant(-0),
);
const floats = (value: fc.Arbitrary<number>, length: number): fc.Arbitrary<Float64Array> =>
  fc.array(value, { minLength: length, maxLength: length }).map((list) => Float64Array.from(list));
const codes = (max: number, length: number): fc.Arbitrary<Uint8Array> =>
  fc.array(fc.nat(max), { minLength: length, maxLength: length }).map((list) => Uint8Array.from(list));
const head = { sensor: name, type: name };
const unit = fc.constantFrom('Cel', 'V', 'm/s', '%RH', 'lat');
const extra = fc.boolean();

function readings(length: number): fc.Arbitrary<ReadingsBlock> {
  const v = floats(fc.oneof({ weight: 5, arbitrary: finite }, fc.constant(NaN)), length);
  const field = fc.record({ unit, v, q: codes(2, length) }, { requiredKeys: ['unit', 'v'] });
  return fc.record(
    {
      ...head,
      kind: fc.constant('readings'),
      t: floats(time, length),
      fields: fc.dictionary(name, field, { maxKeys: 3 }),
      extra,
    },
    { requiredKeys: ['sensor', 'type', 'kind', 't', 'fields'] },
  );
}

function windowsField(length: number): fc.Arbitrary<WindowsField> {
  const values = fc.array(fc.array(finite, { maxLength: 5 }), { minLength: length, maxLength: length });
  return fc.tuple(unit, values, fc.boolean()).map(([fieldUnit, lists, hasSketch]) => {
    const column = (value: (list: readonly number[]) => number): Float64Array =>
      Float64Array.from(lists, (list) => (list.length === 0 ? NaN : value(list)));
    const read = {
      unit: fieldUnit,
      count: Float64Array.from(lists, (list) => list.length),
      sum: column((list) => list[0]! / 3),
      min: column((list) => Math.min(...list)),
      max: column((list) => Math.max(...list)),
      first: column((list) => list[0]!),
      last: column((list) => list[list.length - 1]!),
      m2: column((list) => Math.abs(list[0]!)),
    };
    return hasSketch ? { ...read, sketch: lists.map(sketchOf) } : read;
  });
}

function sketchOf(list: readonly number[]): Uint8Array | null {
  if (list.length === 0) return null;
  const sketch = new Sketch();
  sketch.recordBlock(Float64Array.from(list));
  return sketch.encode();
}

function windows(length: number): fc.Arbitrary<WindowsBlock> {
  return fc.record(
    {
      ...head,
      kind: fc.constant('windows'),
      window: fc.constantFrom('10s', 'count:100', 'session'),
      start: floats(fc.integer({ min: 0, max: 2 ** 51 }), length),
      end: floats(fc.integer({ min: 2 ** 51, max: 2 ** 52 }), length),
      partial: codes(1, length),
      fields: fc.dictionary(name, windowsField(length), { maxKeys: 3 }),
      extra,
    },
    { requiredKeys: ['sensor', 'type', 'kind', 'window', 'start', 'end', 'fields'] },
  );
}

const gap = fc.tuple(time, fc.nat(1e9), fc.constantFrom('silence', 'unplugged', 'agent stopped'));
const gaps = fc.tuple(fc.record(head), fc.array(gap, { maxLength: 4 })).map(([block, list]) => ({
  ...block,
  kind: 'gaps' as const,
  from: Float64Array.from(list, ([from]) => from),
  to: Float64Array.from(list, ([from, length]) => from + length),
  reason: list.map(([, , reason]) => reason),
}));

const block: fc.Arbitrary<SensorBlock> = fc.oneof(fc.nat(40).chain(readings), fc.nat(6).chain(windows), gaps);
const stream = fc.tuple(name, name).map(([sensor, quantity]) => `${sensor}/${quantity}`);
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
/** Any totals of a stream that a batch may carry. */
export const arbitraryTotals: fc.Arbitrary<StreamLedger> = fc.record({
  taken: count,
  filtered: count,
  refused: count,
  lost: count,
  open: count,
  batched: count,
});
const id = fc.stringMatching(/^[a-z0-9]{1,16}$/);
const dropped = fc.tuple(
  fc.integer({ min: 1, max: 5000 }),
  fc.integer({ min: 5000, max: 2 ** 40 }),
  fc.constant('outbox full'),
  fc.dictionary(stream, count, { maxKeys: 3 }),
);

/** Any valid batch. For property tests only. */
export const arbitraryBatch: fc.Arbitrary<Batch> = fc.record(
  {
    v: fc.constant(1),
    device: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/),
    epoch: id,
    seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    bootId: id,
    sentAt: time,
    clock: fc.constantFrom('synced', 'holdover', 'unset'),
    configVersion: fc.nat(),
    lane: fc.constantFrom('live', 'backlog'),
    sensors: fc.array(block, { maxLength: 4 }),
    dropped: fc.array(dropped, { maxLength: 3 }),
    ledger: fc.dictionary(stream, arbitraryTotals, { maxKeys: 4 }),
    anchor: fc.record({ bootId: id, monotonicUs: time, wallUs: time }),
  },
  {
    requiredKeys: [
      ...(['v', 'device', 'epoch', 'seq', 'bootId', 'sentAt'] as const),
      ...(['clock', 'configVersion', 'lane', 'sensors', 'ledger'] as const),
    ],
  },
);
