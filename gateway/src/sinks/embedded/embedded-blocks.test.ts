import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import type { SensorBlock } from '@fieldline/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SeriesRequest } from '../../query/store.ts';
import { blockLimits } from './blocks/limits.ts';
import { migrate } from './migrations.ts';
import { StoreReader } from './store-reader.ts';
import { StoreWriter } from './store-writer.ts';

const address = { device: 'd', sensor: 's', quantity: 'q' };
const whole: SeriesRequest = {
  streams: [address],
  fromUs: 0,
  toUs: 1e15,
  points: 10_000,
  quantiles: true,
  exact: true,
};

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fieldline-blocks-'));
  path = join(directory, 'store.db');
});
afterEach(() => rmSync(directory, { recursive: true }));

type Row = readonly [timeUs: number, value: number, quality?: number];

function readingsOf(rows: readonly Row[]): SensorBlock {
  const t = Float64Array.from(rows, ([timeUs]) => timeUs);
  const v = Float64Array.from(rows, ([, value]) => value);
  const q = Uint8Array.from(rows, ([, , quality = 0]) => quality);
  return { sensor: 's', type: 'x', kind: 'readings', t, fields: { q: { unit: 'Cel', v, q } } };
}

/** What the store gives back, row by row. */
async function rowsIn(request: Partial<SeriesRequest> = {}): Promise<Row[]> {
  const reader = new StoreReader(path, () => 0);
  const answer = await reader.query({ ...whole, ...request });
  reader.close();
  if (!answer.ok) throw new Error(answer.refusal.detail);
  const { t, mean, quality } = answer.value.columns;
  expect(answer.value.windowUs).toBe(0);
  return Array.from(t, (timeUs, index) => [timeUs, mean[index]!, quality?.[index] ?? 0]);
}

function byTimeAndValue(rows: readonly Row[]): Row[] {
  return rows.map(([t, v, q = 0]): Row => [t, v, q]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

const row = fc.tuple(
  fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 1e12 })),
  fc.integer({ min: -2000, max: 4000 }).map((hundredths) => hundredths / 100),
);

test('whatever comes in whatever order and is merged whenever: every row is there once, in any range', async () => {
  const writes = fc.array(fc.array(fc.array(row, { maxLength: 12 }), { maxLength: 4 }), { maxLength: 40 });
  const ends = fc.tuple(fc.nat(1e12), fc.nat(1e12));
  const range = ends.map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  await fc.assert(
    fc.asyncProperty(writes, range, fc.nat(5), async (made, [fromUs, toUs], tidyEvery) => {
      rmSync(path, { force: true });
      const writer = new StoreWriter(path, 0);
      let offset = 0;
      for (const [index, batches] of made.entries()) {
        writer.write(batches.map((rows) => ({ offset: offset++, device: 'd', sensors: [readingsOf(rows)] })));
        if (index % (tidyEvery + 1) === 0) while (writer.tidy());
      }
      const expected = made.flat(2);
      const reader = new StoreReader(path, () => 0);
      expect([...reader.counts().values()][0] ?? 0).toBe(expected.length);
      reader.close();
      writer.close();
      if (offset === 0) return;
      expect(await rowsIn()).toEqual(byTimeAndValue(expected));
      if (fromUs === toUs) return;
      const within = expected.filter(([timeUs]) => timeUs >= fromUs && timeUs < toUs);
      expect(await rowsIn({ fromUs, toUs })).toEqual(byTimeAndValue(within));
    }),
    { numRuns: 30 },
  );
});

test('qualities stay with their readings when blocks are merged', async () => {
  const writer = new StoreWriter(path, 0);
  const rows = Array.from({ length: 100 }, (_, at): Row => [(at * 37) % 100, at, at % 3]);
  for (const [offset, each] of rows.entries())
    writer.write([{ offset, device: 'd', sensors: [readingsOf([each])] }]);
  while (writer.tidy());
  writer.close();
  expect(await rowsIn()).toEqual(byTimeAndValue(rows));
});

test('small blocks become few, and the file stays small', () => {
  const writer = new StoreWriter(path, 0);
  for (let offset = 0; offset < 3000; offset++) {
    const rows = Array.from({ length: 5 }, (_, at): Row => [offset * 5e6 + at * 1e6, 20 + (at % 7) / 100]);
    writer.write([{ offset, device: 'd', sensors: [readingsOf(rows)] }]);
    if (offset % 10 === 0) while (writer.tidy());
  }
  while (writer.tidy());
  writer.close();
  const database = new DatabaseSync(path);
  const { blocks } = database.prepare('SELECT count(*) AS blocks FROM block').get() ?? {};
  const { bytes } = database.prepare('SELECT sum(length(data)) AS bytes FROM block_data').get() ?? {};
  database.close();
  expect(blocks).toBeLessThan(3 * blockLimits.mergeBlocks + 15_000 / blockLimits.rowsWhole);
  expect(Number(bytes) / 15_000).toBeLessThan(4);
});

test('a store of rows opens with all that it held', async () => {
  const database = new DatabaseSync(path);
  migrate(database, path, 0, 1);
  database.exec(`
    INSERT INTO stream VALUES (1, 'd', 's', 'q', 0, 'x', 'Cel', 'readings', NULL, 9999, 1, 3),
                              (2, 'd', 's', 'w', 0, 'x', 'V', 'windows', '10s', 20, 5, 4),
                              (3, 'd', 's', 'q', 1, 'x', 'Cel', 'readings', NULL, 1, 1, 1);
    INSERT INTO reading VALUES (1, 5, 0, 21.5, 0), (1, 5, 1, 21.5, 2), (1, 7, 0, -0.25, 1), (3, 6, 0, 99, 0);
    INSERT INTO window VALUES (2, 0, 0, 10000000, '10s', 0, 3, 6, 1, 3, 1, 3, 2, NULL),
                              (2, 10000000, 0, 20000000, '10s', 1, 1, 5, 5, 5, 5, 5, 0, x'01');
    INSERT INTO gap VALUES ('d', 's', 1, 2, 'silent');
    UPDATE journal_cursor SET next_offset = 42;`);
  database.close();
  const writer = new StoreWriter(path, 1);
  expect(writer.cursor()).toBe(42);
  writer.close();
  expect(await rowsIn()).toEqual([[5, 21.5, 0], [5, 21.5, 2], [7, -0.25, 1]]); // prettier-ignore
  const reader = new StoreReader(path, () => 0);
  expect([...reader.counts()]).toEqual([['d/s/q', 3], ['d/s/w', 4]]); // prettier-ignore
  expect(reader.streams()).toMatchObject([
    { lastT: 9999, lastValue: 1 },
    { lastT: 20, window: '10s' },
  ]);
  const page = await reader.page({ stream: { ...address, quantity: 'w' }, fromUs: 0, toUs: 1e9, rows: 10 });
  expect(page).toMatchObject({ ok: true, value: { unit: 'V', nextUs: null } });
  if (page.ok) expect([...page.value.windows.sum]).toEqual([6, 5]);
  reader.close();
});

test('pages give every row once, and never tear rows of one time apart', async () => {
  const writer = new StoreWriter(path, 0);
  const rows = Array.from({ length: 500 }, (_, at): Row => [Math.floor(at / 7) * 10, at]);
  writer.write([{ offset: 0, device: 'd', sensors: [readingsOf(rows)] }]);
  writer.close();
  const reader = new StoreReader(path, () => 0);
  const seen: number[] = [];
  for (let fromUs: number | null = 0; fromUs !== null;) {
    const page = await reader.page({ stream: address, fromUs, toUs: 1e9, rows: 5 });
    if (!page.ok) throw new Error(page.refusal.detail);
    seen.push(...page.value.readings.v);
    fromUs = page.value.nextUs;
  }
  reader.close();
  expect(seen).toEqual(rows.map(([, value]) => value));
});

test('a question that takes too long ends by itself', async () => {
  const writer = new StoreWriter(path, 0);
  writer.write([{ offset: 0, device: 'd', sensors: [readingsOf([[1, 1], [2, 2]])] }]); // prettier-ignore
  writer.close();
  let nowMs = 0;
  const reader = new StoreReader(path, () => (nowMs += 40_000));
  expect(await reader.query(whole)).toMatchObject({ ok: false, refusal: { code: 'QUERY_TIMEOUT' } });
  reader.close();
});

test('counts that leave the range of whole numbers stop neither the store nor its counting', () => {
  const rows = 1100;
  const start = Float64Array.from({ length: rows }, (_, index) => index * 10);
  const ones = start.map(() => 1);
  const count = start.map(() => Number.MAX_SAFE_INTEGER);
  const field = { unit: 'Cel', count, sum: ones, min: ones, max: ones, first: ones, last: ones, m2: ones };
  const block: SensorBlock = { sensor: 'w', type: 'x', kind: 'windows', window: '10s', start, end: start.map((us) => us + 10), fields: { q: field } }; // prettier-ignore
  const writer = new StoreWriter(path, 0);
  for (let offset = 0; offset < 40; offset++) {
    writer.write([{ offset, device: 'd', sensors: [block, readingsOf([[offset, 1]])] }]);
  }
  while (writer.tidy());
  const counts = writer.counts();
  expect(counts.get('d/s/q')).toBe(40);
  expect(counts.get('d/w/q')).toBeGreaterThan(1e16);
  writer.retire({ nowUs: 1e15, keepUs: { readings: 1, '10s': Infinity, '1m': Infinity, '1h': Infinity } });
  expect(writer.counts().get('d/s/q')).toBe(40);
  writer.close();
});
