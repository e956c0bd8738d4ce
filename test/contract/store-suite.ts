import type { QueryAnswer, SensorBlock } from '@fieldline/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toQueryAnswer } from '../../gateway/src/query/query-answer.ts';
import type { SeriesRequest, Store } from '../../gateway/src/query/store.ts';
import type { JournaledBatch, Sink } from '../../gateway/src/sinks/sink.ts';
import { Entries, gap, readings, secondUs, seeded, startUs, windows } from './store-batches.ts';

/** A store under test, with all that its tests need beside it. */
export interface StoreUnderTest {
  readonly store: Sink & Store;
  /** Ends it as a stop of the gateway does, and opens it anew over what it stored. */
  reopen(): Promise<StoreUnderTest>;
  /** Ends it and removes what it stored. */
  remove(): Promise<void>;
}

const asUsual: Pick<SeriesRequest, 'quantiles' | 'exact'> = { quantiles: true, exact: false };

/** What every store must do, whatever it stands on: run once for each. */
export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let under: StoreUnderTest;
    let entries: Entries;

    beforeEach(async () => {
      under = await open();
      entries = new Entries('greenhouse-1');
      expect(await under.store.open()).toMatchObject({ kind: 'ready' });
    });
    afterEach(async () => {
      await under.remove();
    });

    const write = async (...written: JournaledBatch[]): Promise<void> => {
      expect(await under.store.write(written)).toEqual({ kind: 'stored' });
    };
    const ask = async (
      fromS: number,
      toS: number,
      points: number,
      stream = 'air/temperature',
      edges?: Float64Array,
    ): Promise<QueryAnswer> => {
      const [sensor = '', quantity = ''] = stream.split('/');
      const range = { fromUs: startUs + fromS * secondUs, toUs: startUs + toS * secondUs };
      const streams = [{ device: 'greenhouse-1', sensor, quantity }];
      const answer = await under.store.query({ ...asUsual, streams, points, edges, ...range });
      if (!answer.ok) throw new Error(`${answer.refusal.code}: ${answer.refusal.detail}`);
      return toQueryAnswer(`greenhouse-1/${stream}`, answer.value, edges);
    };
    const counts = async (): Promise<Record<string, number>> =>
      Object.fromEntries(await under.store.counts());
    const at = (...seconds: number[]): number[] => seconds.map((s) => startUs + s * secondUs);

    test('gives raw readings back to the bit, with their times to the microsecond', async () => {
      const rows = [[0.000001, 21.5], [1.5, -273.15], [2, 0.1 + 0.2], [3, 1e308], [4, 5e-324], [5, 0]] as const; // prettier-ignore
      await write(entries.next(readings('air', 'temperature', rows)));
      const answer = await ask(0, 10, 10);
      expect(answer).toMatchObject({
        stream: 'greenhouse-1/air/temperature',
        unit: 'Cel',
        windowUs: 0,
        gaps: [],
      });
      expect(answer.t).toEqual(rows.map(([s]) => startUs + Math.round(s * secondUs)));
      for (const column of [answer.mean, answer.min, answer.max, answer.p50, answer.p95, answer.p99]) {
        expect(column).toEqual(rows.map(([, value]) => value));
      }
      expect(answer.count).toEqual(rows.map(() => 1));
    });

    test('takes the range from its start up to, not including, its end', async () => {
      await write(entries.next(readings('air', 'temperature', [[0, 1], [1, 2], [2, 3]]))); // prettier-ignore
      expect((await ask(1, 2, 10)).t).toEqual(at(1));
    });

    test('puts many readings into buckets whose figures equal an exact computation', async () => {
      const random = seeded(7);
      const rows = Array.from({ length: 3000 }, (_, index) => [index * 0.1, random() * 60 - 30] as const);
      await write(entries.next(readings('air', 'temperature', rows)));
      const answer = await ask(0, 300, 12);
      expect(answer.windowUs).toBe(30 * secondUs);
      expect(answer.t).toEqual(at(0, 30, 60, 90, 120, 150, 180, 210, 240, 270));
      for (const [index] of answer.t.entries()) {
        const values = rows.slice(index * 300, (index + 1) * 300).map(([, value]) => value);
        const sorted = values.toSorted((a, b) => a - b);
        const rank = (percent: number): number | undefined =>
          sorted[Math.floor((300 * percent) / 100 + 0.5) - 1];
        expect(answer.count[index]).toBe(300);
        expect(answer.mean[index]).toBeCloseTo(values.reduce((a, b) => a + b) / 300, 9);
        expect([answer.min[index], answer.max[index]]).toEqual([sorted[0], sorted[299]]);
        expect([answer.p50[index], answer.p95[index], answer.p99[index]]).toEqual([
          rank(50),
          rank(95),
          rank(99),
        ]);
      }
    });

    test('leaves buckets without a reading out', async () => {
      const rows = [...Array(40).keys()].map((index) => [index < 20 ? index : index + 100, index] as const);
      await write(entries.next(readings('air', 'temperature', rows)));
      const answer = await ask(0, 200, 20);
      expect(answer.windowUs).toBe(10 * secondUs);
      expect(answer.t).toEqual(at(0, 10, 120, 130));
    });

    test('does not take an absent value for a reading', async () => {
      await write(entries.next(readings('air', 'temperature', [[0, 1], [1, NaN], [2, 3]]))); // prettier-ignore
      expect((await ask(0, 10, 10)).t).toEqual(at(0, 2));
      expect(await counts()).toEqual({ 'greenhouse-1/air/temperature': 2 });
    });

    test('keeps every reading of one time: in one block, across batches, of other or of equal value', async () => {
      await write(entries.next(readings('air', 'temperature', [[1, 20], [1, 21], [1, 20]]))); // prettier-ignore
      await write(entries.next(readings('air', 'temperature', [[1, 20], [2, 5]])), entries.next(readings('air', 'temperature', [[2, 5]]))); // prettier-ignore
      const answer = await ask(0, 10, 10);
      expect(answer.t).toEqual(at(1, 1, 1, 1, 2, 2));
      expect(answer.mean).toEqual([20, 20, 20, 21, 5, 5]);
      expect(await counts()).toEqual({ 'greenhouse-1/air/temperature': 6 });
    });

    test('keeps quantities of one time apart, whether in one block or in two', async () => {
      await write(
        entries.next(
          readings('air', 'temperature', [[1, 20]]),
          readings('air', 'humidity', [[1, 55]], { unit: '%RH' }),
        ),
      );
      expect((await ask(0, 10, 10)).mean).toEqual([20]);
      expect(await ask(0, 10, 10, 'air/humidity')).toMatchObject({ mean: [55], unit: '%RH' });
    });

    test('takes readings that come late and out of order', async () => {
      await write(entries.next(readings('air', 'temperature', [[100, 3], [101, 4]]))); // prettier-ignore
      await write(entries.next(readings('air', 'temperature', [[50, 1], [51, 2]]))); // prettier-ignore
      await write(entries.next(readings('air', 'temperature', [[100.5, 9], [50.5, 8]]))); // prettier-ignore
      expect((await ask(0, 200, 10)).mean).toEqual([1, 8, 2, 3, 9, 4]);
    });

    test('stores the same entries once, however often they are written', async () => {
      const written = [
        entries.next(readings('air', 'temperature', [[1, 20], [1, 21]]), windows('soil', 'temperature', 10, [{ startS: 0, values: [1, 2] }])), // prettier-ignore
        entries.next(readings('air', 'temperature', [[1, 22], [0.5, 7]])), // prettier-ignore
      ];
      await write(...written);
      const once = { counts: await counts(), answer: await ask(0, 10, 10) };
      await under.remove();
      under = await open();
      await under.store.open();
      await write(...written);
      expect({ counts: await counts(), answer: await ask(0, 10, 10) }).toEqual(once);
      expect(once.counts).toEqual({ 'greenhouse-1/air/temperature': 4, 'greenhouse-1/soil/temperature': 2 });
    });

    test('merges windows: moments exactly, quantiles within the sketch’s one percent', async () => {
      const random = seeded(11);
      const rows = Array.from({ length: 60 }, (_, index) => ({
        startS: index * 10,
        values: Array.from({ length: 50 }, () => random() * 40 - 20),
      }));
      await write(entries.next(windows('soil', 'temperature', 10, rows)));
      const answer = await ask(0, 600, 10, 'soil/temperature');
      expect(answer.windowUs).toBe(60 * secondUs);
      expect(answer.t).toHaveLength(10);
      for (const [index] of answer.t.entries()) {
        const sorted = rows.slice(index * 6, index * 6 + 6).flatMap(({ values }) => values).sort((a, b) => a - b); // prettier-ignore
        expect(answer.count[index]).toBe(300);
        expect(answer.mean[index]).toBeCloseTo(sorted.reduce((a, b) => a + b) / 300, 9);
        expect([answer.min[index], answer.max[index]]).toEqual([sorted[0], sorted.at(-1)]);
        for (const [column, q] of [
          [answer.p50, 0.5],
          [answer.p95, 0.95],
          [answer.p99, 0.99],
        ] as const) {
          // prettier-ignore
          const exact = sorted[Math.floor(q * 299)] ?? NaN;
          expect(Math.abs((column[index] ?? NaN) - exact)).toBeLessThanOrEqual(Math.abs(exact) * 0.0101);
        }
      }
      expect(await counts()).toEqual({ 'greenhouse-1/soil/temperature': 3000 });
    });

    test('counts readings by bins: exactly of readings, as near as their sketches of windows', async () => {
      const values = Array.from({ length: 400 }, (_, index) => (index * 37) % 100);
      await write(
        entries.next(readings('air', 'temperature', values.map((value, s) => [s / 10, value] as const))), // prettier-ignore
        entries.next(windows('soil', 'temperature', 10, [{ startS: 0, values }])),
      );
      const edges = Float64Array.of(25.5, 50.5, 90.5);
      const exact = [104, 100, 160, 36];
      const read = await ask(0, 40, 1, 'air/temperature', edges);
      expect(read.histogram).toEqual({ edges: [25.5, 50.5, 90.5], counts: [exact] });
      const merged = await ask(0, 10, 1, 'soil/temperature', edges);
      const counts = merged.histogram?.counts[0] ?? [];
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(400);
      // A value nearer to an edge than one percent may count on its other side: 25, 50 and 90, 91 are.
      counts.forEach((count, bin) => expect(Math.abs(count - (exact[bin] ?? 0))).toBeLessThanOrEqual(8));
    });

    test('has no bins where a window came without a sketch', async () => {
      await write(
        entries.next(windows('soil', 'temperature', 10, [{ startS: 0, values: [1, 2] }], { sketch: false })),
        entries.next(windows('soil', 'temperature', 10, [{ startS: 10, values: [5] }])),
      );
      const { histogram } = await ask(0, 20, 2, 'soil/temperature', Float64Array.of(3));
      expect(histogram?.counts).toEqual([null, [0, 1]]);
    });

    test('never divides a window: buckets are whole multiples of it', async () => {
      await write(entries.next(windows('soil', 'temperature', 7, [{ startS: 0, values: [1] }, { startS: 7, values: [3] }]))); // prettier-ignore
      expect((await ask(0, 14, 1000, 'soil/temperature')).windowUs).toBe(7 * secondUs);
      expect((await ask(0, 1400, 100, 'soil/temperature')).windowUs).toBe(21 * secondUs);
    });

    test('leaves quantiles out where they are not wanted, and all else as it is', async () => {
      const values = Array.from({ length: 90 }, (_, index) => (index * 37) % 100);
      await write(
        entries.next(windows('soil', 'temperature', 10, [{ startS: 0, values: [1, 2, 9] }, { startS: 10, values: [5] }])), // prettier-ignore
        entries.next(readings('soil', 'temperature', values.map((value, s) => [s, value] as const))), // prettier-ignore
      );
      const range = { fromUs: startUs, toUs: startUs + 90 * secondUs, points: 9 };
      const streams = [{ device: 'greenhouse-1', sensor: 'soil', quantity: 'temperature' }];
      const [full, lean] = await Promise.all(
        [true, false].map(async (quantiles) => {
          const answer = await under.store.query({ ...range, streams, quantiles, exact: false });
          if (!answer.ok) throw new Error(answer.refusal.code);
          return answer.value;
        }),
      );
      const { t, count, min, max, mean, stddev, rms, p50, p95, p99 } = lean!.columns;
      expect(lean).toMatchObject({ windowUs: full!.windowUs, resolutionUs: full!.resolutionUs });
      expect({ t, count, min, max }).toEqual({ t: full!.columns.t, count: full!.columns.count, min: full!.columns.min, max: full!.columns.max }); // prettier-ignore
      for (const [name, column] of Object.entries({ mean, stddev, rms } as const))
        for (const [index, value] of column.entries())
          expect(value).toBeCloseTo(full!.columns[name as 'mean'][index] ?? NaN, 9);
      expect([...p50, ...p95, ...p99].every(Number.isNaN)).toBe(true);
      expect(full!.columns.p50.every(Number.isFinite)).toBe(true);
    });

    test('says null for quantiles where a window came without a sketch', async () => {
      await write(
        entries.next(windows('soil', 'temperature', 10, [{ startS: 0, values: [1, 2] }], { sketch: false })),
        entries.next(windows('soil', 'temperature', 10, [{ startS: 10, values: [5] }])),
      );
      const answer = await ask(0, 20, 2, 'soil/temperature');
      expect(answer.mean).toEqual([1.5, 5]);
      expect(answer.p50[0]).toBeNull();
      expect(answer.p50[1]).toBeCloseTo(5, 1);
    });

    test('counts both halves of one window once each', async () => {
      await write(
        entries.next(windows('soil', 'temperature', 10, [{ startS: 0, values: [1, 2], partial: true }])),
      );
      await write(
        entries.next(windows('soil', 'temperature', 10, [{ startS: 0, values: [3], partial: true }])),
      );
      const answer = await ask(0, 10, 1, 'soil/temperature');
      expect(answer).toMatchObject({ count: [3], mean: [2], min: [1], max: [3] });
      expect(await counts()).toEqual({ 'greenhouse-1/soil/temperature': 3 });
    });

    test.each(['10s', 'count:200', 'session'])(
      'merges the halves of a window of %s that was closed early, quantiles at the accuracy they state',
      async (window) => {
        const random = seeded(5);
        const values = Array.from({ length: 200 }, () => random() * 100 - 20);
        const half = (startS: number, part: number[]): SensorBlock =>
          windows('soil', 'temperature', 5, [{ startS, values: part, partial: true }], { window, sketch: 0.001 }); // prettier-ignore
        const isAligned = window === '10s';
        await write(entries.next(half(0, values.slice(0, 77))));
        await write(entries.next(half(isAligned ? 0 : 6, values.slice(77))));
        const answer = await ask(0, 10, 1, 'soil/temperature');
        const sorted = [...values].sort((a, b) => a - b);
        expect(answer).toMatchObject({ t: at(0), count: [200], min: [sorted[0]], max: [sorted[199]] });
        expect(answer.mean[0]).toBeCloseTo(values.reduce((a, b) => a + b) / 200, 9);
        for (const [column, q] of [
          [answer.p50, 0.5],
          [answer.p95, 0.95],
          [answer.p99, 0.99],
        ] as const) {
          // prettier-ignore
          const exact = sorted[Math.floor(q * 199)] ?? NaN;
          expect(Math.abs((column[0] ?? NaN) - exact)).toBeLessThanOrEqual(Math.abs(exact) * 0.00101);
        }
        expect(await counts()).toEqual({ 'greenhouse-1/soil/temperature': 200 });
      },
    );

    test('passes over windows without a reading', async () => {
      await write(entries.next(windows('soil', 'temperature', 10, [{ startS: 0, values: [] }, { startS: 10, values: [4] }]))); // prettier-ignore
      expect((await ask(0, 20, 2, 'soil/temperature')).t).toEqual(at(10));
    });

    test('merges raw readings and windows of one stream', async () => {
      await write(entries.next(windows('air', 'temperature', 10, [{ startS: 0, values: [10, 20] }])));
      await write(entries.next(readings('air', 'temperature', [[5, 30], [15, 7], [16, 9]]))); // prettier-ignore
      const answer = await ask(0, 20, 2);
      expect(answer).toMatchObject({
        windowUs: 10 * secondUs,
        t: at(0, 10),
        count: [3, 2],
        mean: [20, 8],
        min: [10, 7],
        max: [30, 9],
      });
      expect(answer.p50[0]).toBeCloseTo(20, 0);
      expect(answer.p50[1]).toBe(7);
    });

    test('gives the gaps that touch the range, each once, with their reason as it was', async () => {
      const reason = 'unplugged, "again"\\ = ü ☂';
      await write(
        entries.next(
          readings('air', 'temperature', [[1, 1]]),
          gap('air', 10, 20, reason),
          gap('air', 10, 20, 'silent'),
          gap('soil', 10, 20, 'x'),
        ),
      );
      await write(entries.next(gap('air', 10, 20, reason), gap('air', 300, 400, 'later')));
      const answer = await ask(15, 100, 10);
      expect(answer.gaps).toEqual(
        [
          [...at(10, 20), 'silent'],
          [...at(10, 20), reason],
        ].sort((a, b) => (String(a[2]) < String(b[2]) ? -1 : 1)),
      );
      expect((await ask(20, 100, 10)).gaps).toEqual([]);
    });

    test('neither counts copies nor shows them in history', async () => {
      await write(
        entries.next(
          readings('air', 'temperature', [[1, 1]]),
          readings('air', 'temperature', [[1, 1], [2, 99]], { extra: true }), // prettier-ignore
          windows('air', 'temperature', 10, [{ startS: 0, values: [50, 60] }], { extra: true }),
        ),
      );
      expect(await ask(0, 20, 10)).toMatchObject({ windowUs: 0, mean: [1] });
      expect(await counts()).toEqual({ 'greenhouse-1/air/temperature': 1 });
    });

    test('refuses a stream that does not exist by name', async () => {
      const range = { ...asUsual, fromUs: startUs, toUs: startUs + 1, points: 10 };
      const streams = [{ device: 'nobody', sensor: 'a', quantity: 'b' }];
      const answer = await under.store.query({ streams, ...range });
      expect(answer).toMatchObject({
        ok: false,
        refusal: { code: 'QUERY_UNKNOWN_STREAM', detail: 'nobody/a/b' },
      });
    });

    test('answers an empty range of a stream that exists', async () => {
      await write(entries.next(readings('air', 'temperature', [[1, 1]])));
      expect(await ask(100, 200, 10)).toMatchObject({ unit: 'Cel', t: [], count: [], mean: [], gaps: [] });
    });

    test('lists its streams with unit and newest value', async () => {
      await write(entries.next(readings('air', 'temperature', [[5, 25], [3, 23]]))); // prettier-ignore
      await write(entries.next(windows('soil', 'temperature', 10, [{ startS: 0, values: [1, 3] }])));
      await write(entries.next(readings('rover', 'lat', [[1, 52.5]], { unit: 'lat', type: 'gnss' })));
      const listed = (await under.store.streams()).sort((a, b) => (a.stream < b.stream ? -1 : 1));
      expect(listed).toMatchObject([
        { stream: 'greenhouse-1/air/temperature', type: 'thermometer', unit: 'Cel', kind: 'readings', window: null, lastT: at(5)[0], lastValue: 25 },
        { stream: 'greenhouse-1/rover/lat', type: 'gnss', unit: 'lat', lastValue: 52.5 },
        { stream: 'greenhouse-1/soil/temperature', kind: 'windows', window: '10s', lastT: at(10)[0], lastValue: 2 },
      ]); // prettier-ignore
    });

    test('gives deviation and root mean square, of readings and of windows alike', async () => {
      const values = [3, 5, 7, 9, 1, 1, 2];
      await write(entries.next(readings('air', 'temperature', values.map((value, index) => [index, value] as const)))); // prettier-ignore
      await write(entries.next(windows('soil', 'temperature', 5, [{ startS: 0, values: values.slice(0, 4) }, { startS: 5, values: values.slice(4) }]))); // prettier-ignore
      const mean = 4;
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 6);
      const rms = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / 7);
      for (const stream of ['air/temperature', 'soil/temperature']) {
        const answer = await ask(0, 10, 1, stream);
        expect([answer.count, answer.stddev?.length]).toEqual([[7], 1]);
        expect(answer.stddev?.[0]).toBeCloseTo(deviation, 9);
        expect(answer.rms?.[0]).toBeCloseTo(rms, 9);
      }
    });

    test('takes several streams together, as if they were one', async () => {
      await write(entries.next(readings('air', 'temperature', [[1, 10], [2, 20], [12, 5]]))); // prettier-ignore
      await write(entries.next(readings('soil', 'temperature', [[1, 30], [3, 40]]))); // prettier-ignore
      await write(entries.next(windows('deep', 'temperature', 10, [{ startS: 0, values: [50, 60] }])));
      const streams = ['air', 'soil', 'deep', 'missing'].map((sensor) => ({ device: 'greenhouse-1', sensor, quantity: 'temperature' })); // prettier-ignore
      const range = { fromUs: startUs, toUs: startUs + 20 * secondUs, points: 2 };
      const answer = await under.store.query({ ...asUsual, streams, ...range });
      if (!answer.ok) throw new Error(answer.refusal.detail);
      const series = toQueryAnswer('all', answer.value);
      expect(series).toMatchObject({ windowUs: 10 * secondUs, t: at(0, 10), count: [6, 1], mean: [35, 5], min: [10, 5], max: [60, 5] }); // prettier-ignore
      expect(series.p50[0]).toBeGreaterThanOrEqual(29.7);
      expect(series.p50[0]).toBeLessThanOrEqual(40.4);
    });

    test('gives pages of readings with their qualities, and of windows, each row once', async () => {
      const rows = Array.from({ length: 50 }, (_, index) => [Math.floor(index / 3), index] as const);
      const block = readings('air', 'temperature', rows);
      if (block.kind !== 'readings') throw new Error('not readings');
      const field = block.fields['temperature'];
      const q = Uint8Array.from(rows, ([, value]) => value % 3);
      await write(entries.next({ ...block, fields: { temperature: { unit: 'Cel', v: Float64Array.of(), ...field, q } } })); // prettier-ignore
      await write(entries.next(windows('air', 'temperature', 10, [{ startS: 5, values: [1, 2] }, { startS: 15, values: [7] }]))); // prettier-ignore
      const seen: [number, number][] = [];
      const sums: number[] = [];
      const stream = { device: 'greenhouse-1', sensor: 'air', quantity: 'temperature' };
      for (let fromUs: number | null = startUs; fromUs !== null;) {
        const page = await under.store.page({ stream, fromUs, toUs: startUs + 1e9, rows: 7 });
        if (!page.ok) throw new Error(page.refusal.detail);
        const { readings: part, windows: closed, nextUs } = page.value;
        for (const [index, value] of part.v.entries()) seen.push([value, part.q?.[index] ?? 0]);
        sums.push(...closed.sum);
        fromUs = nextUs;
      }
      expect(seen.sort((a, b) => a[0] - b[0])).toEqual(rows.map(([, value]) => [value, value % 3]));
      expect(sums).toEqual([3, 7]);
    });

    test('follows a sensor whose type changes', async () => {
      await write(entries.next(readings('air', 'temperature', [[1, 1], [2, 2]]))); // prettier-ignore
      await write(entries.next(readings('air', 'temperature', [[3, 3], [4, 4]], { type: 'line' }))); // prettier-ignore
      expect((await ask(0, 10, 10)).mean).toEqual([1, 2, 3, 4]);
      expect(await ask(0, 10, 1)).toMatchObject({ windowUs: 10 * secondUs, count: [4], mean: [2.5] });
      expect(await counts()).toEqual({ 'greenhouse-1/air/temperature': 4 });
    });

    test('goes on after a restart where it was', async () => {
      const first = entries.next(readings('air', 'temperature', [[1, 20], [1, 21]])); // prettier-ignore
      await write(first);
      under = await under.reopen();
      expect(await under.store.open()).toEqual({ kind: 'ready', resumeAt: 1 });
      await write(first, entries.next(readings('air', 'temperature', [[1, 22]])));
      expect((await ask(0, 10, 10)).mean).toEqual([20, 21, 22]);
      expect(await counts()).toEqual({ 'greenhouse-1/air/temperature': 3 });
    });
  });
}
