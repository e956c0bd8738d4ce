import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import type { SensorBlock } from '@fieldline/protocol';
import { Moments, Sketch } from '@fieldline/protocol/aggregate';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SeriesAnswer, SeriesRequest } from '../../../query/store.ts';
import { StoreReader } from '../store-reader.ts';
import { StoreWriter } from '../store-writer.ts';
import { readingsToWindows } from './coarsen.ts';
import { keepForever } from './retention.ts';

const secondUs = 1_000_000;
const minuteUs = 60 * secondUs;
const hourUs = 60 * minuteUs;
const dayUs = 24 * hourUs;
const startUs = 20_000 * dayUs;

let directory: string;
let path: string;
let writer: StoreWriter;
let offset: number;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fieldline-rollups-'));
  path = join(directory, 'store.db');
  writer = new StoreWriter(path, 0);
  offset = 0;
});
afterEach(() => {
  writer.close();
  rmSync(directory, { recursive: true });
});

function write(...sensors: SensorBlock[]): void {
  writer.write([{ offset: offset++, device: 'd', sensors }]);
}

function valueAt(timeUs: number): number {
  return Math.round(2000 + 900 * Math.sin(timeUs / hourUs) + ((timeUs / 1000) % 97)) / 100;
}

/** Readings every `everyUs` in `[fromUs, toUs)`. */
function readings(fromUs: number, toUs: number, everyUs: number): SensorBlock {
  const t = Float64Array.from(
    { length: Math.ceil((toUs - fromUs) / everyUs) },
    (_, index) => fromUs + index * everyUs,
  );
  return { sensor: 's', type: 'x', kind: 'readings', t, fields: { q: { unit: 'Cel', v: t.map(valueAt) } } };
}

/** The same readings as windows that a device closed. */
function windows(fromUs: number, toUs: number, lengthUs: number): SensorBlock {
  const starts: number[] = [];
  for (let timeUs = fromUs; timeUs < toUs; timeUs += lengthUs) starts.push(timeUs);
  const parts = starts.map((start) => {
    const moments = new Moments();
    const sketch = new Sketch();
    for (let timeUs = start; timeUs < start + lengthUs; timeUs += secondUs) {
      moments.record(valueAt(timeUs));
      sketch.record(valueAt(timeUs));
    }
    return { moments, sketch };
  });
  const column = (name: 'count' | 'sum' | 'min' | 'max' | 'first' | 'last' | 'm2'): Float64Array =>
    Float64Array.from(parts, ({ moments }) => moments[name]);
  const field = { unit: 'Cel', count: column('count'), sum: column('sum'), min: column('min'), max: column('max'), first: column('first'), last: column('last'), m2: column('m2'), sketch: parts.map(({ sketch }) => sketch.encode()) }; // prettier-ignore
  const start = Float64Array.from(starts);
  return { sensor: 's', type: 'x', kind: 'windows', window: `${lengthUs / secondUs}s`, start, end: start.map((us) => us + lengthUs), fields: { q: field } }; // prettier-ignore
}

async function ask(range: Partial<SeriesRequest>): Promise<SeriesAnswer> {
  const reader = new StoreReader(path, () => 0);
  const streams = [{ device: 'd', sensor: 's', quantity: 'q' }];
  const answer = await reader.query({ streams, fromUs: startUs, toUs: startUs + 2 * dayUs, points: 10_000, quantiles: true, exact: false, ...range }); // prettier-ignore
  reader.close();
  if (!answer.ok) throw new Error(`${answer.refusal.code} ${answer.refusal.detail}`);
  return answer.value;
}

function tidy(): void {
  while (writer.tidy());
}

/** Both answer the same, quantiles within the sketch's one percent of the spread of ranks. */
function expectSame(rolled: SeriesAnswer, exact: SeriesAnswer): void {
  expect(rolled.windowUs).toBe(exact.windowUs);
  expect(rolled.columns.t).toEqual(exact.columns.t);
  expect(rolled.columns.count).toEqual(exact.columns.count);
  for (const name of ['min', 'max'] as const) expect(rolled.columns[name]).toEqual(exact.columns[name]);
  for (const name of ['mean', 'stddev', 'rms'] as const) {
    for (const [index, value] of exact.columns[name].entries()) {
      if (Number.isNaN(value)) expect(rolled.columns[name][index]).toBeNaN();
      else expect(rolled.columns[name][index]).toBeCloseTo(value, 6);
    }
  }
  for (const name of ['p50', 'p95', 'p99'] as const) {
    for (const [index, value] of exact.columns[name].entries()) {
      // The ranks of the two differ by one at most, and neighbours of these readings by little.
      expect(Math.abs((rolled.columns[name][index] ?? NaN) - value)).toBeLessThan(
        0.03 * Math.abs(value) + 0.7,
      );
    }
  }
}

test('a day at 1 Hz is answered from minutes, and is what its readings say', async () => {
  write(readings(startUs, startUs + dayUs, secondUs));
  tidy();
  const range = { fromUs: startUs + 17 * secondUs, toUs: startUs + dayUs - 5 * secondUs, points: 1500 };
  const rolled = await ask(range);
  expect(rolled).toMatchObject({ windowUs: minuteUs, resolutionUs: minuteUs });
  const exact = await ask({ ...range, exact: true });
  expect(exact).toMatchObject({ windowUs: minuteUs, resolutionUs: 0 });
  expectSame(rolled, exact);
  expectSame(await ask({ ...range, points: 30 }), await ask({ ...range, points: 30, exact: true }));
});

test('few readings are answered exactly, whatever rollups there are', async () => {
  write(readings(startUs, startUs + 12 * hourUs, secondUs));
  tidy();
  expect(await ask({ points: 60 })).toMatchObject({ resolutionUs: 0 });
});

test('late readings, and those that no rollup holds yet, are in the answer', async () => {
  write(readings(startUs, startUs + dayUs, secondUs));
  tidy();
  write(readings(startUs + 5 * hourUs + 500_000, startUs + 6 * hourUs, secondUs));
  write(readings(startUs + dayUs, startUs + dayUs + 90 * secondUs, secondUs));
  const range = { points: 3000 };
  expectSame(await ask(range), await ask({ ...range, exact: true }));
  tidy();
  expectSame(await ask(range), await ask({ ...range, exact: true }));
});

test('windows of ten seconds become minutes and hours, quantiles and all', async () => {
  for (let hour = 0; hour < 24; hour++) {
    write(windows(startUs + hour * hourUs, startUs + (hour + 1) * hourUs, 10 * secondUs));
  }
  write(readings(startUs, startUs + dayUs, secondUs));
  tidy();
  const rolled = await ask({ points: 48 });
  expect(rolled).toMatchObject({ windowUs: hourUs, resolutionUs: hourUs });
  const exact = await ask({ points: 48, exact: true });
  expect(exact.resolutionUs).toBe(10 * secondUs);
  expectSame(rolled, exact);
});

test('what is too old goes when all rollups hold it, and the counts stay', async () => {
  write(readings(startUs, startUs + dayUs, secondUs), windows(startUs, startUs + hourUs, 10 * secondUs));
  write(readings(startUs + dayUs, startUs + 2 * dayUs, 7 * minuteUs));
  tidy();
  const before = await ask({ points: 48, exact: true });
  const reader = new StoreReader(path, () => 0);
  const counts = reader.counts();
  reader.close();
  writer.retire({ nowUs: startUs + 32 * dayUs, keepUs: { ...keepForever, readings: dayUs } });
  const after = await ask({ points: 48, exact: true });
  expect(after.resolutionUs).toBe(hourUs);
  expectSame(after, before);
  const again = new StoreReader(path, () => 0);
  expect(again.counts()).toEqual(counts);
  const stream = { device: 'd', sensor: 's', quantity: 'q' };
  const page = await again.page({ stream, fromUs: startUs, toUs: startUs + 2 * dayUs, rows: 10 });
  expect(page.ok && page.value.readings.t.length).toBe(0);
  again.close();
  // Finer than the finest that is left cannot be had.
  expect((await ask({ points: 10_000, toUs: startUs + hourUs })).windowUs).toBe(10 * secondUs);
});

test('rollups go by their own age, the coarser ones later, gaps with the last', async () => {
  write(readings(startUs, startUs + dayUs, secondUs));
  const from = Float64Array.of(startUs);
  write({ sensor: 's', type: 'x', kind: 'gaps', from, to: from.map((us) => us + 1), reason: ['silent'] });
  tidy();
  const keepUs = { readings: dayUs, '10s': dayUs, '1m': 2 * dayUs, '1h': 400 * dayUs };
  writer.retire({ nowUs: startUs + 100 * dayUs, keepUs });
  const left = await ask({ points: 10_000 });
  expect(left).toMatchObject({ windowUs: hourUs, resolutionUs: hourUs });
  expect(left.columns.count.reduce((sum, count) => sum + count, 0)).toBe(86_400);
  expect(left.gaps).toHaveLength(1);
  writer.retire({ nowUs: startUs + 500 * dayUs, keepUs });
  const gone = await ask({ points: 10_000 });
  expect([gone.columns.t.length, gone.gaps.length]).toEqual([0, 0]);
});

test('late readings of a time that was retired already still reach the rollups', async () => {
  write(readings(startUs, startUs + dayUs, secondUs));
  tidy();
  const request = { nowUs: startUs + 10 * dayUs, keepUs: { ...keepForever, readings: dayUs } };
  writer.retire(request);
  write(readings(startUs + 30 * minuteUs + 1000, startUs + 40 * minuteUs, secondUs));
  const count = async (): Promise<number> =>
    (await ask({ points: 48 })).columns.count.reduce((sum, each) => sum + each, 0);
  expect(await count()).toBe(86_400 + 600);
  writer.retire(request);
  expect(await count()).toBe(86_400 + 600);
});

test('windows whose readings are gone are answered by the finest rollup that could hold them', async () => {
  const total = (answer: SeriesAnswer): number => answer.columns.count.reduce((sum, count) => sum + count, 0);
  const keep = { nowUs: startUs + 10 * dayUs, keepUs: { ...keepForever, readings: dayUs } };
  write(windows(startUs, startUs + dayUs, 15 * secondUs));
  tidy();
  writer.retire(keep);
  const minutes = await ask({ toUs: startUs + hourUs });
  expect([minutes.windowUs, minutes.resolutionUs, total(minutes)]).toEqual([minuteUs, minuteUs, 3600]);
  // A kind that the rollup's length is no multiple of stands beside it, too new to go.
  write(windows(startUs + 30 * dayUs, startUs + 30 * dayUs + hourUs, 45 * secondUs));
  expect(total(await ask({ toUs: startUs + 31 * dayUs, points: 20 }))).toBe(86_400 + 3600);
  expect(total(await ask({ toUs: startUs + 31 * dayUs }))).toBe(86_400 + 3600);
});

test.each([
  [10 * secondUs, 10 * secondUs],
  [minuteUs, minuteUs],
  [5 * minuteUs, hourUs],
  [hourUs, hourUs],
])('windows of %i µs that were retired are answered by those of %i µs', async (lengthUs, answeredUs) => {
  write(windows(startUs, startUs + dayUs, lengthUs));
  tidy();
  writer.retire({ nowUs: startUs + 10 * dayUs, keepUs: { ...keepForever, readings: dayUs } });
  const answer = await ask({ toUs: startUs + dayUs });
  expect([answer.windowUs, answer.columns.t.length]).toEqual([answeredUs, dayUs / answeredUs]);
  expect(answer.columns.count.reduce((sum, count) => sum + count, 0)).toBe(86_400);
});

test('a block that cannot be read keeps no other stream from its retention, nor from its answers', async () => {
  const other = { ...readings(startUs, startUs + hourUs, secondUs), sensor: 'other' };
  write(readings(startUs, startUs + hourUs, secondUs), other);
  tidy();
  const database = new DatabaseSync(path);
  database.exec(`DELETE FROM block_data WHERE id IN (SELECT block.id FROM block JOIN stream ON stream.id = stream
    WHERE sensor = 'other'); UPDATE block SET rolled = 0`);
  database.exec('DELETE FROM rollup');
  database.close();
  const keepUs = { ...keepForever, readings: dayUs };
  expect(() => writer.retire({ nowUs: startUs + 10 * dayUs, keepUs })).toThrow('bytes of block');
  const answer = await ask({ toUs: startUs + hourUs, points: 60 });
  expect(answer.columns.count.reduce((sum, count) => sum + count, 0)).toBe(3600);
});

test('windows too long for any rollup stay', async () => {
  write(windows(startUs, startUs + dayUs, 2 * hourUs));
  tidy();
  writer.retire({ nowUs: startUs + 100 * dayUs, keepUs: { ...keepForever, readings: dayUs } });
  const answer = await ask({ points: 24 });
  expect(answer.columns.count.reduce((sum, count) => sum + count, 0)).toBe(86_400);
});

test('windows of readings hold what the readings say, wherever they are cut', () => {
  const values = fc.array(fc.tuple(fc.nat(100), fc.integer({ min: -500, max: 500 })), {
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 40 }), (rows, lengthUs) => {
      const sorted = rows.toSorted((a, b) => a[0] - b[0]);
      const made = readingsToWindows({ t: Float64Array.from(sorted, ([t]) => t), v: Float64Array.from(sorted, ([, v]) => v), q: null }, lengthUs); // prettier-ignore
      for (const [index, start] of made.start.entries()) {
        const own = sorted.filter(([t]) => t >= start && t < start + lengthUs).map(([, v]) => v);
        expect(made.count[index]).toBe(own.length);
        expect(made.sum[index]).toBeCloseTo(
          own.reduce((a, b) => a + b),
          6,
        );
        expect([made.first[index], made.last[index]]).toEqual([own[0], own.at(-1)]);
        expect(Sketch.decode(made.sketch[index] ?? new Uint8Array())).toMatchObject({
          ok: true,
          value: { count: own.length },
        });
      }
      expect(made.count.reduce((a, b) => a + b)).toBe(rows.length);
    }),
  );
});
