import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { QueryAnswer } from '@fieldline/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { toQueryAnswer } from '../../gateway/src/query/query-answer.ts';
import { InfluxStore } from '../../gateway/src/sinks/influxdb/influx-store.ts';
import type { RollupKeepUs } from '../../gateway/src/sinks/influxdb/rollups/grains.ts';
import type { JournaledBatch } from '../../gateway/src/sinks/sink.ts';
import { Entries, readings, secondUs, seeded, startUs, windows } from '../contract/store-batches.ts';
import { influxdProgram, startInfluxd, type Influxd } from '../services/influxd.ts';
import { eventually } from '../services/wait.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const hourS = 3600;
/** Enough readings for rollups to be worth it. */
const ratePerSec = 5;
const hours = 4;

describe.skipIf(influxdProgram.missing)('rollups in InfluxDB', () => {
  let influxd: Influxd;
  let directory: string;
  let entries: Entries;
  let store: InfluxStore;
  let runs = 0;
  let nowUs: number;
  /** What the store wants to be called by a timer; undefined while it wants nothing. */
  let tick: (() => void) | undefined;

  beforeAll(async () => {
    influxd = await startInfluxd();
  });
  afterAll(() => influxd.remove());
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fieldline-rollups-'));
    entries = new Entries('greenhouse-1');
    runs += 1;
    nowUs = startUs + (hours + 2) * hourS * secondUs;
    store = await open();
  });
  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });

  async function open(keepUs?: RollupKeepUs): Promise<InfluxStore> {
    const address = { url: influxd.url, database: `rollups_${runs}` };
    const repeat = (_everyMs: number, work: () => void) => {
      tick = work;
      return () => (tick = undefined);
    };
    const about = { address, directory, logger: quiet, repeat, nowUs: () => nowUs };
    const opened = new InfluxStore({ ...about, ...(keepUs && { keepUs }) });
    expect(await opened.open()).toMatchObject({ kind: 'ready' });
    return opened;
  }

  async function influxql(q: string): Promise<{ values: unknown[][] }[]> {
    const query = new URLSearchParams({ db: `rollups_${runs}`, epoch: 'u', q }).toString();
    const { results } = JSON.parse(await (await fetch(`${influxd.url}/query?${query}`)).text());
    return results[0].series ?? [];
  }

  /** A noisy day's beginning: one batch an hour. */
  function someHours(sensor: string): JournaledBatch[] {
    const random = seeded(3);
    return Array.from({ length: hours }, (_, hour) =>
      entries.next(
        readings(
          sensor,
          'temperature',
          Array.from({ length: hourS * ratePerSec }, (_row, index) => {
            return [hour * hourS + index / ratePerSec, 20 * random() - 10] as const;
          }),
        ),
      ),
    );
  }

  const write = async (...written: JournaledBatch[]): Promise<void> => {
    expect(await store.write(written)).toEqual({ kind: 'stored' });
  };

  /** Lets the timer come until so many hours are rolled up; nothing is written meanwhile. */
  async function untilRolled(count: number, sensor = 'air'): Promise<void> {
    await eventually(`${count} hours`, async () => {
      tick?.();
      const q = `SELECT count(temperature_count) FROM fieldline_1h.thermometer WHERE sensor = '${sensor}'`;
      return Number((await influxql(q))[0]?.values[0]?.[1] ?? 0) >= count ? true : undefined;
    });
  }

  async function ask(exact: boolean, points = 240, sensor = 'air'): Promise<QueryAnswer> {
    const streams = [{ device: 'greenhouse-1', sensor, quantity: 'temperature' }];
    const range = { fromUs: startUs, toUs: startUs + hours * hourS * secondUs };
    const answer = await store.query({ ...range, streams, points, quantiles: true, exact });
    if (!answer.ok) throw new Error(answer.refusal.detail);
    return toQueryAnswer(`greenhouse-1/${sensor}/temperature`, answer.value);
  }

  /** The same buckets with the same figures; quantiles within the sketch's one percent. */
  function expectAgrees(rolled: QueryAnswer, exact: QueryAnswer): void {
    expect(rolled).toMatchObject({ windowUs: exact.windowUs, t: exact.t, count: exact.count });
    expect(rolled).toMatchObject({ min: exact.min, max: exact.max });
    for (const [index] of exact.t.entries()) {
      expect(rolled.mean[index]).toBeCloseTo(exact.mean[index] ?? NaN, 9);
      for (const column of ['p50', 'p95', 'p99'] as const) {
        const wanted = exact[column][index] ?? NaN;
        // Two neighbours of the sorted values, and one percent.
        expect(Math.abs((rolled[column][index] ?? NaN) - wanted)).toBeLessThan(0.2 + Math.abs(wanted) * 0.02);
      }
    }
  }

  test('answer as the readings do, and say their resolution', async () => {
    await write(...someHours('air'));
    await untilRolled(hours);
    const minutes = await ask(false);
    expect([minutes.windowUs, minutes.resolutionUs]).toEqual([60 * secondUs, 60 * secondUs]);
    const exact = await ask(true);
    expect(exact.resolutionUs).toBe(0);
    expectAgrees(minutes, exact);
    const coarse = await ask(false, hours);
    expect([coarse.windowUs, coarse.resolutionUs]).toEqual([hourS * secondUs, hourS * secondUs]);
    expectAgrees(coarse, await ask(true, hours));
    expect((await ask(false, 10_000)).resolutionUs).toBe(0);
    expect((await store.counts()).get('greenhouse-1/air/temperature')).toBe(hours * hourS * ratePerSec);
  });

  test('are counted, wait for no write, and end with the store', async () => {
    await write(...someHours('air'));
    await untilRolled(hours);
    const figures = (): unknown[] => store.counters().map(({ name, samples }) => [name, samples[0]?.value]);
    await expect.poll(figures).toEqual([
      ['fieldline_influxdb_rolled_hours_total', hours],
      ['fieldline_influxdb_roll_failures_total', 0],
    ]);
    const late = tick;
    await store.close();
    expect(tick).toBe(undefined);
    nowUs += 10 * hourS * secondUs;
    late?.();
    store = await open();
    expect(figures()[0]).toEqual(['fieldline_influxdb_rolled_hours_total', 0]);
    // What was rolled up is known after a restart: nothing is made again.
    tick?.();
    await write(entries.next(readings('clock', 'ticks', [[1, 1]])));
    expect(figures()[0]).toEqual(['fieldline_influxdb_rolled_hours_total', 0]);
  });

  test('are made between writes that do not pause', async () => {
    await write(...someHours('air'));
    let second = (hours + 1) * hourS;
    const rolled = (): number => store.counters()[0]?.samples[0]?.value ?? 0;
    let under: Promise<unknown> = Promise.resolve();
    while (rolled() < hours) {
      tick?.();
      // The next one stands in the line before the one before it has ended.
      const next = write(entries.next(readings('clock', 'ticks', [[(second += 1), 1]])));
      await under;
      under = next;
    }
    await under;
    expectAgrees(await ask(false), await ask(true));
  });

  test('are made of windows that devices sent, too', async () => {
    const random = seeded(9);
    const rows = Array.from({ length: hours * 360 }, (_, index) => ({
      startS: index * 10,
      values: Array.from({ length: 3 }, () => random() * 40 - 20),
    }));
    await write(entries.next(windows('soil', 'temperature', 10, rows)));
    await untilRolled(hours, 'soil');
    const [series] = await influxql(
      `SELECT sum(temperature_count), min(temperature_min), max(temperature_max) FROM fieldline_1m.thermometer WHERE sensor = 'soil'`,
    );
    const values = rows.flatMap((row) => row.values);
    expect(series?.values[0]?.slice(1)).toEqual([values.length, Math.min(...values), Math.max(...values)]);
  });

  test('take in what comes late, at once and after a restart', async () => {
    await write(...someHours('air'));
    await untilRolled(hours);
    await write(entries.next(readings('air', 'temperature', [[1.5 * hourS + 0.05, 99]])));
    expect(Math.max(...(await ask(false)).max.map(Number))).toBe(99);
    expectAgrees(await ask(false), await ask(true));
    await store.close();
    store = await open();
    await untilRolled(hours);
    expectAgrees(await ask(false, hours), await ask(true, hours));
    const [series] = await influxql('SELECT max(temperature_max) FROM fieldline_1h.thermometer');
    expect(series?.values[0]?.[1]).toBe(99);
  });

  test('follow what somebody has deleted from InfluxDB by hand, when a reading comes late', async () => {
    await write(...someHours('air'));
    await untilRolled(hours);
    const at = (second: number): string => `${startUs + second * secondUs}u`;
    await influxql(`DELETE FROM thermometer WHERE time >= ${at(600)} AND time < ${at(1200)}`);
    await write(entries.next(readings('air', 'temperature', [[0.05, 1]])));
    await eventually('the hour is rolled up again', async () => {
      tick?.();
      const [series] = await influxql(
        `SELECT temperature_count FROM fieldline_1h.thermometer WHERE time = ${at(0)}`,
      );
      return series?.values[0]?.[1] === (hourS - 600) * ratePerSec + 1 ? true : undefined;
    });
  });

  test('are made anew where the database has gone', async () => {
    const written = someHours('air');
    await write(...written);
    await untilRolled(hours);
    await fetch(`${influxd.url}/query?${new URLSearchParams({ q: `DROP DATABASE rollups_${runs}` }).toString()}`, { method: 'POST' }); // prettier-ignore
    // While it drops, InfluxDB answers that a shard is not found, or takes a batch more: the next one tells.
    const next = () => store.write([entries.next(readings('clock', 'ticks', [[1, 1]]))]);
    await expect.poll(next).toEqual({ kind: 'rewind', offset: 0 });
    await write(...written);
    await untilRolled(hours);
    expectAgrees(await ask(false), await ask(true));
  });

  test('are kept as long as it is wanted, and not asked for beyond that', async () => {
    await write(...someHours('air'));
    await untilRolled(hours);
    await store.close();
    store = await open({ '1m': 4 * hourS * secondUs, '1h': Infinity });
    const policies = await influxql(`SHOW RETENTION POLICIES ON rollups_${runs}`);
    expect(policies[0]?.values.map(([name, duration]) => [name, duration])).toEqual([
      ['autogen', '0s'],
      ['fieldline_1m', '4h0m0s'],
      ['fieldline_1h', '0s'],
    ]);
    // The first two hours of minutes may be gone, and later all of them: the readings answer.
    expectAgrees(await ask(false), await ask(true));
    nowUs += 100 * hourS * secondUs;
    expect((await ask(false)).resolutionUs).toBe(0);
    expect((await ask(false, hours)).resolutionUs).toBe(hourS * secondUs);
  });
});
