import { expect, test } from 'vitest';
import { copyFrame, type Frame } from './frame.ts';
import { SentFrame } from './sent-frame.ts';

const rows = 1000;

/** Readings of one stream with a window, in columns that can be written over. */
function someFrame(): Frame {
  const t = Float64Array.from({ length: rows }, (_, index) => 1.7e15 + index * 1e6);
  const v = Float64Array.from({ length: rows }, (_, index) => (index % 100) / 100);
  const one = (value: number) => Float64Array.of(value);
  return {
    seq: 7,
    readings: { ids: one(3), counts: one(rows), columns: [t, v] },
    windows: { ids: one(4), counts: one(1), columns: [10, 20, 4, 2.5, 1, 4].map(one) },
    gaps: [{ device: 'a', sensor: 's', from: 5, to: 6, reason: 'unplugged' }],
  };
}

function overwrite({ readings, windows }: Frame): void {
  for (const { ids, counts, columns } of [readings, windows])
    for (const column of [ids, counts, ...columns]) column.fill(-1);
}

test('a frame that is kept is the same after its columns were used again, whether its message was made or not', () => {
  for (const isTold of [false, true]) {
    const given = someFrame();
    const sent = new SentFrame(given);
    const message = isTold ? sent.message() : undefined;
    sent.keep();
    overwrite(given);
    expect(sent.frame()).toEqual(someFrame());
    expect(sent.message()).toEqual(message ?? new SentFrame(someFrame()).message());
  }
});

test('its message is made once, and kept in place of the columns, which are larger', () => {
  const [told, plain] = [new SentFrame(someFrame()), new SentFrame(someFrame())];
  expect(told.message()).toBe(told.message());
  for (const sent of [told, plain]) sent.keep();
  expect(plain.sizeBytes).toBeGreaterThan(16 * rows);
  expect(told.sizeBytes).toBeLessThan(plain.sizeBytes / 3);
  const before = plain.sizeBytes;
  plain.message();
  expect(plain.sizeBytes).toBe(before);
});

test('a copy of a frame shares nothing with it, and one piece of memory among its columns', () => {
  const frame = someFrame();
  const copy = copyFrame(frame);
  expect(copy).toEqual(frame);
  const columns = [copy.readings, copy.windows].flatMap((part) => [part.ids, part.counts, ...part.columns]);
  expect(new Set(columns.map(({ buffer }) => buffer)).size).toBe(1);
});
