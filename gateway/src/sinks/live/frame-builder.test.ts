import type { Batch, ReadingsBlock, SensorBlock, WindowsBlock } from '@fieldline/protocol';
import { decodeLiveFrame } from '@fieldline/protocol/live';
import { sampleBatch } from '@fieldline/protocol/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameBuilder, frameRowsMax } from './frame-builder.ts';
import { toLiveFrame, type Frame } from './frame.ts';
import type { OrderedRows } from './frame-rows.ts';
import { binaryMessage } from './sent-frame.ts';
import { messagePayload } from './websocket-frame.ts';

/** Name of a stream with its unit and window, and its rows. */
type Rows = Record<string, number[][]>;

const name = fc.constantFrom('a', 'b', 'c');
const time = fc.integer({ min: 1, max: 50 });
const number = fc.oneof(
  fc.integer({ min: -3000, max: 3000 }).map((cents) => cents / 100),
  fc.double({ noNaN: true }),
);

const readings: fc.Arbitrary<ReadingsBlock> = fc
  .record({
    sensor: name,
    quantities: fc.uniqueArray(name, { minLength: 1 }),
    unit: fc.constantFrom('Cel', 'V'),
    rows: fc.array(fc.record({ at: time, value: fc.option(number, { nil: NaN }) }), { maxLength: 5 }),
  })
  .map(({ sensor, quantities, unit, rows }) => ({
    sensor,
    type: 'x',
    kind: 'readings',
    t: Float64Array.from(rows, ({ at }) => at),
    fields: Object.fromEntries(
      quantities.map((quantity, index) => [
        quantity,
        { unit, v: Float64Array.from(rows, ({ value }) => value + index) },
      ]),
    ),
  }));

const windows: fc.Arbitrary<WindowsBlock> = fc
  .record({
    sensor: name,
    window: fc.constantFrom('10s', '1m'),
    rows: fc.array(fc.record({ start: time, count: fc.nat(3), value: number }), { maxLength: 4 }),
  })
  .map(({ sensor, window, rows }) => {
    const of = (value: (row: (typeof rows)[number]) => number) => Float64Array.from(rows, value);
    const values = of(({ count, value }) => (count === 0 ? NaN : value));
    const field = { unit: 'm', count: of(({ count }) => count), sum: values, min: values, max: values };
    const start = of((row) => row.start);
    const end = of((row) => row.start + 10);
    const fields = { level: { ...field, first: values, last: values, m2: values } };
    return { sensor, type: 'x', kind: 'windows', window, start, end, fields };
  });

const batches: fc.Arbitrary<Batch[]> = fc.array(
  fc
    .record({
      device: name,
      sensors: fc.array(fc.oneof<fc.Arbitrary<SensorBlock>[]>(readings, windows), { maxLength: 3 }),
    })
    .map((about) => sampleBatch(about)),
  { maxLength: 8 },
);

/** The rows of batches by stream, in the order in which they came. */
function rowsOf(all: readonly Batch[]): Rows {
  const rows: Rows = {};
  for (const { device, sensors } of all)
    for (const block of sensors) if (block.kind !== 'gaps') addRows(rows, device, block);
  return rows;
}

function addRows(rows: Rows, device: string, block: ReadingsBlock | WindowsBlock): void {
  for (const quantity in block.fields) {
    const add = (unit: string, window: string | null, row: number[]) =>
      (rows[`${device}/${block.sensor}/${quantity} ${unit} ${window}`] ??= []).push(row);
    if (block.kind === 'readings') {
      const { unit, v } = block.fields[quantity]!;
      for (const [index, value] of v.entries())
        if (!Number.isNaN(value)) add(unit, null, [block.t[index]!, value]);
    } else {
      const { unit, count, sum, min, max } = block.fields[quantity]!;
      for (const [index, n] of count.entries())
        if (n > 0) add(unit, block.window, [block.start[index]!, block.end[index]!, n, sum[index]! / n, min[index]!, max[index]!]); // prettier-ignore
    }
  }
}

/** The same of a frame; expects its streams in the order of their numbers. */
function rowsOfFrame(builder: FrameBuilder, { readings, windows }: Frame): Rows {
  const found: Rows = {};
  for (const part of [readings, windows]) addPart(found, builder, part);
  return found;
}

function addPart(found: Rows, { entries }: FrameBuilder, { ids, counts, columns }: OrderedRows): void {
  expect([...ids]).toEqual([...ids].sort((a, b) => a - b));
  let row = 0;
  for (const [index, id] of ids.entries()) {
    const { stream, unit, window } = entries.all[id]!;
    const rows = Array.from({ length: counts[index]! }, (_, at) =>
      columns.map((column) => column[row + at]!),
    );
    row += rows.length;
    found[`${stream} ${unit} ${window}`] = rows;
  }
}

describe('frame builder', () => {
  test('a frame holds each stream once, with all of its rows as they came, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(batches, { maxLength: 4 }), (rounds) => {
        const builder = new FrameBuilder();
        for (const [index, round] of rounds.entries()) {
          for (const batch of round) builder.add(batch);
          const rows = rowsOf(round);
          expect(builder.empty).toBe(Object.keys(rows).length === 0);
          const frame = builder.take(index + 1);
          expect(rowsOfFrame(builder, frame)).toEqual(rows);
          const live = toLiveFrame(frame);
          expect(decodeLiveFrame(messagePayload(binaryMessage(frame)))).toEqual({ ok: true, value: live });
        }
      }),
    );
  });

  test('the newest row of each stream that changed after a frame is the last one of the latest time', () => {
    fc.assert(
      fc.property(batches, batches, batches, (first, second, third) => {
        const builder = new FrameBuilder();
        for (const [index, round] of [first, second, third].entries()) {
          for (const batch of round) builder.add(batch);
          builder.take(index + 1);
        }
        const all = rowsOf([...first, ...second, ...third]);
        const newest = Object.keys(rowsOf([...second, ...third])).map((key) => [
          key,
          [all[key]!.reduce((kept, row) => (row[0]! >= kept[0]! ? row : kept))],
        ]);
        const changed = builder.newest.changed(builder.entries.all, { after: 1, seq: 3, gaps: [] });
        expect(rowsOfFrame(builder, changed)).toEqual(Object.fromEntries(newest));
      }),
    );
  });

  test('rows beyond the limit are left out and counted, and the next frame begins anew', () => {
    const builder = new FrameBuilder();
    const t = Float64Array.from({ length: frameRowsMax - 1 }, (_, index) => index);
    const block = { sensor: 's', type: 'x', kind: 'readings' as const, t };
    const fields = { one: { unit: 'V', v: t }, two: { unit: 'V', v: t } };
    builder.add(sampleBatch({ device: 'a', sensors: [{ ...block, fields }] }));
    expect(builder.skipped).toBe(frameRowsMax - 2);
    const { readings: full } = builder.take(1);
    expect([...full.counts]).toEqual([frameRowsMax - 1, 1]);
    expect(builder.skipped).toBe(0);
    builder.add(sampleBatch({ device: 'a', sensors: [{ ...block, fields: { two: { unit: 'V', v: t } } }] }));
    const { readings: next } = builder.take(2);
    expect([...next.ids, ...next.counts]).toEqual([1, frameRowsMax - 1]);
    expect(next.columns[1]?.at(-1)).toBe(frameRowsMax - 2);
  });
});
