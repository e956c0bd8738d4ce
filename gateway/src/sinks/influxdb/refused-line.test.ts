import { sampleBatch } from '@fieldline/protocol/testing';
import type { SensorBlock } from '@fieldline/protocol';
import { expect, test } from 'vitest';
import { batchToLines } from './batch-to-lines.ts';
import { LineBatch } from './line-batch.ts';
import { refusedPart } from './refused-line.ts';
import { TimeSeparation } from './time-separation.ts';

const t = Float64Array.of(1_767_225_600_000_000);

function countsOf(block: SensorBlock, reason = 'beyond the retention policy'): Record<string, number>[] {
  const batch = sampleBatch({ sensors: [block] });
  const lines = new LineBatch();
  batchToLines(batch, lines, { deviceTags: {}, separation: new TimeSeparation(), offset: 0, entry: 0 });
  const texts = Array.from({ length: lines.lineCount }, (_, line) => lines.lineText(line));
  return texts.map((line) => refusedPart({ entry: 0, line, reason }, { offset: 0, batch }).counts);
}

function readingsOf(fields: Record<string, { v: number; q?: number }>): SensorBlock {
  const columns = Object.entries(fields).map(([name, { v, q }]) => [
    name,
    { unit: '1', v: Float64Array.of(v), ...(q === undefined ? {} : { q: Uint8Array.of(q) }) },
  ]);
  return { sensor: 'air', type: 'gas', kind: 'readings', t, fields: Object.fromEntries(columns) };
}

test.each([
  ['a reading', { co2: { v: 400 } }, { 'air/co2': 1 }],
  ['a reading with its quality', { co2: { v: 400, q: 2 } }, { 'air/co2': 1 }],
  ['a quantity named like a quality', { air_quality: { v: 3 } }, { 'air/air_quality': 1 }],
  ['the same with its quality', { air_quality: { v: 3, q: 1 } }, { 'air/air_quality': 1 }],
  ['both of such names', { fix: { v: 1 }, fix_quality: { v: 4 } }, { 'air/fix': 1, 'air/fix_quality': 1 }],
])('a refused line counts %s once', (_name, fields, counts) => {
  expect(countsOf(readingsOf(fields))).toEqual([counts]);
});

test('of a line whose one field has another type, that one alone is counted', () => {
  const reason = 'field type conflict: input field "fix_quality" on measurement "gas" is type float';
  const block = readingsOf({ fix: { v: 1 }, fix_quality: { v: 4 } });
  expect(countsOf(block, reason)).toEqual([{ 'air/fix_quality': 1 }]);
  expect(countsOf(readingsOf({ fix: { v: 1, q: 4 } }), reason)).toEqual([{}]);
});
