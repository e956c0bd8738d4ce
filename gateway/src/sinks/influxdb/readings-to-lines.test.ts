import type { ReadingsBlock } from '@fieldline/protocol';
import { sampleBatch } from '@fieldline/protocol/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchToLines } from './batch-to-lines.ts';
import { LineBatch } from './line-batch.ts';
import { SeriesCache } from './series-cache.ts';
import { TimeSeparation } from './time-separation.ts';

const startUs = 1_790_000_000_000_000;
const quantities = ['temperature', 'rel-humidity', 'u_1'] as const;
const deviceTags = { site: 'Überlingen, Süd' };
const head = 'thermometer,device=barn,sensor=air,site=Überlingen\\,\\ Süd';

/** A value or none, and its quality. */
const cell = fc.tuple(
  fc.oneof(
    fc.double({ noDefaultInfinity: true }),
    fc.integer(),
    fc.integer().map((n) => n / 100),
  ),
  fc.constantFrom(0, 0, 1, 2),
);
const rows = fc.array(fc.tuple(fc.nat(3_000_000), fc.array(cell, { minLength: 3, maxLength: 3 })), {
  minLength: 1,
});
type Rows = readonly (readonly [number, readonly (readonly [number, number])[]])[];

function blockOf(of: Rows): ReadingsBlock {
  const column = (at: number, part: 0 | 1): number[] => of.map(([, cells]) => cells[at]?.[part] ?? NaN);
  const fields = quantities.map((quantity, at) => {
    return [
      quantity,
      { unit: 'Cel', v: Float64Array.from(column(at, 0)), q: Uint8Array.from(column(at, 1)) },
    ] as const;
  });
  return {
    ...{ sensor: 'air', type: 'thermometer', kind: 'readings' },
    t: Float64Array.from(of, ([t]) => startUs + t),
    fields: Object.fromEntries(fields),
  };
}

function linesOf(block: ReadingsBlock, series: SeriesCache): string[] {
  const into = new LineBatch();
  const options = { deviceTags, series, separation: new TimeSeparation(), offset: 0, entry: 7 };
  expect(batchToLines(sampleBatch({ device: 'barn', seq: 1, sensors: [block] }), into, options)).toEqual([]);
  const lines = Array.from({ length: into.lineCount }, (_, line) => into.lineText(line));
  expect(into.body(0, into.lineCount).toString()).toBe(lines.map((line) => `${line}\n`).join(''));
  expect(lines.every((_, line) => into.entryOf(line) === 7)).toBe(true);
  return lines;
}

test('every value is in one line, under its time, with its quality', () => {
  const series = new SeriesCache();
  fc.assert(
    fc.property(rows, (of) => {
      const found = linesOf(blockOf(of), series).flatMap((line) => {
        expect(line.startsWith(`${head},dup=`) || line.startsWith(`${head} `)).toBe(true);
        const [fields = '', time = ''] = line
          .slice(head.length)
          .replace(/^,dup=\S+/, '')
          .trim()
          .split(' ');
        return fields.split(',').map((field) => `${time} ${field}`);
      });
      const wanted = of.flatMap(([t, cells]) =>
        cells.flatMap(([value, quality], at) => {
          if (Number.isNaN(value)) return [];
          const field = `${startUs + t} ${quantities[at]}=${value}`;
          return quality === 0 ? [field] : [field, `${startUs + t} ${quantities[at]}_quality=${quality}`];
        }),
      );
      expect(found.sort()).toEqual(wanted.sort());
    }),
  );
});

test('no two lines of a quantity have one name and time', () => {
  fc.assert(
    fc.property(rows, (of) => {
      const names = linesOf(blockOf(of), new SeriesCache()).flatMap((line) => {
        const [, dup = '', fields = '', time = ''] =
          /^(?:.*?)(,dup=\S+)? (\S+) (\d+)$/.exec(line.slice(head.length)) ?? [];
        return fields.split(',').map((field) => `${dup} ${field.split('=')[0] ?? ''} ${time}`);
      });
      expect(new Set(names).size).toBe(names.length);
    }),
  );
});

test('lines longer than the room of the batch are whole', () => {
  const of: Rows = Array.from({ length: 30_000 }, (_, row) => [
    row * 1000,
    quantities.map(() => [row / 100, 1] as const),
  ]);
  const lines = linesOf(blockOf(of), new SeriesCache());
  expect(lines).toHaveLength(of.length);
  expect(lines.at(-1)).toContain('temperature=299.99,temperature_quality=1,rel-humidity=299.99');
});
