import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeLiveFrame, encodeLiveFrame, LiveTable, type LiveFrame } from './index.ts';
import { readingsFrame } from '../testing/readings-frame.ts';

const time = fc.integer({ min: 1.6e15, max: 1.8e15 });
const value = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer({ min: -5000, max: 5000 }).map((cents) => cents / 100),
);

const part = fc.record({
  id: fc.nat(5000),
  rows: fc.array(fc.record({ a: time, b: time, n: fc.nat(1000), x: value, y: value, z: value }), {
    maxLength: 6,
  }),
});

const frames: fc.Arbitrary<LiveFrame> = fc
  .record({
    seq: fc.nat(),
    readings: fc.uniqueArray(part, { selector: ({ id }) => id, maxLength: 20 }),
    windows: fc.uniqueArray(part, { selector: ({ id }) => id, maxLength: 5 }),
    gaps: fc.array(
      fc.record({ device: fc.string(), sensor: fc.string(), from: time, to: time, reason: fc.string() }),
      { maxLength: 3 },
    ),
  })
  .map(({ seq, readings, windows, gaps }) => {
    const column = (parts: typeof readings, of: 'a' | 'b' | 'n' | 'x' | 'y' | 'z') =>
      Float64Array.from(parts.flatMap(({ rows }) => rows.map((row) => row[of])));
    const heads = (parts: typeof readings) => ({
      ids: Float64Array.from(parts, ({ id }) => id),
      counts: Float64Array.from(parts, ({ rows }) => rows.length),
    });
    return {
      seq,
      readings: { ...heads(readings), t: column(readings, 'a'), v: column(readings, 'x') },
      windows: {
        ...heads(windows),
        start: column(windows, 'a'),
        end: column(windows, 'b'),
        count: column(windows, 'n'),
        mean: column(windows, 'x'),
        min: column(windows, 'y'),
        max: column(windows, 'z'),
      },
      gaps,
    };
  });

test('a frame comes back to the bit', () => {
  fc.assert(
    fc.property(frames, (frame) => {
      expect(decodeLiveFrame(encodeLiveFrame(frame))).toEqual({ ok: true, value: frame });
    }),
  );
});

test('damaged bytes are refused, whatever was done to them', () => {
  fc.assert(
    fc.property(frames, fc.nat(), fc.nat(255), fc.boolean(), (frame, place, byte, cut) => {
      const bytes = encodeLiveFrame(frame);
      const damaged = cut ? bytes.slice(0, place % bytes.length) : bytes.with(place % bytes.length, byte);
      const decoded = decodeLiveFrame(damaged);
      if (cut) expect(decoded.ok).toBe(false);
      if (!decoded.ok) expect(decoded.refusal.code).toBe('BATCH_INVALID');
    }),
  );
  expect(decodeLiveFrame(Uint8Array.of(2, 0))).toMatchObject({ ok: false });
});

test('a table gives the numbers their names, and leaves out what was never told', () => {
  const table = new LiveTable();
  table.learn({ ids: [[3, 'a/s/temperature', 'Cel', null]] });
  const readings = { ids: Float64Array.of(2, 3), counts: Float64Array.of(1, 2), t: Float64Array.of(1, 2, 3), v: Float64Array.of(9, 20, 21) }; // prettier-ignore
  expect(table.message(readingsFrame(5, readings))).toEqual({
    type: 'delta',
    seq: 5,
    readings: [{ stream: 'a/s/temperature', unit: 'Cel', t: [2, 3], v: [20, 21] }],
    windows: [],
    gaps: [],
  });
});
