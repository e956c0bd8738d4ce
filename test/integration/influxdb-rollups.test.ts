import type { QueryAnswer } from '@fieldline/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { toQueryAnswer } from '../../gateway/src/query/query-answer.ts';
import type { JournaledBatch } from '../../gateway/src/sinks/sink.ts';
import { readings, secondUs, seeded, startUs, windows } from '../contract/store-batches.ts';
import { influxRig } from '../services/influx-rig.ts';
import { air, hourS, hourUs } from '../services/influx-stores.ts';
import { influxdProgram } from '../services/influxd.ts';
import { eventually } from '../services/wait.ts';

/** Enough readings for rollups to be worth it. */
const ratePerSec = 5;
const hours = 4;

describe.skipIf(influxdProgram.missing)('rollups in InfluxDB', () => {
  const rig = influxRig('rollups');
  const { counted, entry, influxql, number, untilRolled, write } = rig;

  beforeEach(() => rig.open());

  /** A noisy day's beginning: one batch an hour. */
  function someHours(): JournaledBatch[] {
    const random = seeded(3);
    return Array.from({ length: hours }, (_, hour) =>
      entry(
        readings(
          'air',
          'temperature',
          Array.from({ length: hourS * ratePerSec }, (_row, index) => {
            return [hour * hourS + index / ratePerSec, 20 * random() - 10] as const;
          }),
        ),
      ),
    );
  }

  async function ask(exact: boolean, points = 240): Promise<QueryAnswer> {
    const answer = await rig.ask(points, { toUs: startUs + hours * hourUs, exact });
    return toQueryAnswer(air, answer);
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
    await write(...someHours());
    await untilRolled(hours);
    const minutes = await ask(false);
    expect([minutes.windowUs, minutes.resolutionUs]).toEqual([60 * secondUs, 60 * secondUs]);
    const exact = await ask(true);
    expect(exact.resolutionUs).toBe(0);
    expectAgrees(minutes, exact);
    const coarse = await ask(false, hours);
    expect([coarse.windowUs, coarse.resolutionUs]).toEqual([hourUs, hourUs]);
    expectAgrees(coarse, await ask(true, hours));
    expect((await ask(false, 10_000)).resolutionUs).toBe(0);
    expect(await counted()).toBe(hours * hourS * ratePerSec);
  });

  test('are counted, wait for no write, and end with the store', async () => {
    await write(...someHours());
    await untilRolled(hours);
    const figures = (): unknown[] =>
      rig.store.counters().map(({ name, samples }) => [name, samples[0]?.value]);
    await expect.poll(figures).toEqual([
      ['fieldline_influxdb_rolled_hours_total', hours],
      ['fieldline_influxdb_roll_failures_total', 0],
    ]);
    const late = rig.rollTimer;
    await rig.store.close();
    expect(rig.rollTimer).toBe(undefined);
    rig.nowUs += 10 * hourUs;
    late?.();
    await rig.open();
    expect(figures()[0]).toEqual(['fieldline_influxdb_rolled_hours_total', 0]);
    // What was rolled up is known after a restart: nothing is made again.
    rig.rollTimer?.();
    await write(entry(readings('clock', 'ticks', [[1, 1]])));
    expect(figures()[0]).toEqual(['fieldline_influxdb_rolled_hours_total', 0]);
  });

  test('are made between writes that do not pause', async () => {
    await write(...someHours());
    let second = (hours + 1) * hourS;
    const rolled = (): number => rig.store.counters()[0]?.samples[0]?.value ?? 0;
    let under: Promise<unknown> = Promise.resolve();
    while (rolled() < hours) {
      rig.rollTimer?.();
      // The next one stands in the line before the one before it has ended.
      const next = write(entry(readings('clock', 'ticks', [[(second += 1), 1]])));
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
    await write(entry(windows('soil', 'temperature', 10, rows)));
    await untilRolled(hours, 'soil');
    const [series] = await influxql(
      `SELECT sum(temperature_count), min(temperature_min), max(temperature_max) FROM fieldline_1m.thermometer WHERE sensor = 'soil'`,
    );
    const values = rows.flatMap((row) => row.values);
    expect(series?.values[0]?.slice(1)).toEqual([values.length, Math.min(...values), Math.max(...values)]);
  });

  test('take in what comes late, at once and after a restart', async () => {
    await write(...someHours());
    await untilRolled(hours);
    await write(entry(readings('air', 'temperature', [[1.5 * hourS + 0.05, 99]])));
    expect(Math.max(...(await ask(false)).max.map(Number))).toBe(99);
    expectAgrees(await ask(false), await ask(true));
    await rig.store.close();
    await rig.open();
    await untilRolled(hours);
    expectAgrees(await ask(false, hours), await ask(true, hours));
    expect(await number('SELECT max(temperature_max) FROM fieldline_1h.thermometer')).toBe(99);
  });

  test('follow what somebody has deleted from InfluxDB by hand, when a reading comes late', async () => {
    await write(...someHours());
    await untilRolled(hours);
    const at = (second: number): string => `${startUs + second * secondUs}u`;
    await influxql(`DELETE FROM thermometer WHERE time >= ${at(600)} AND time < ${at(1200)}`);
    await write(entry(readings('air', 'temperature', [[0.05, 1]])));
    await eventually('the hour is rolled up again', async () => {
      rig.rollTimer?.();
      const rolled = await number(
        `SELECT temperature_count FROM fieldline_1h.thermometer WHERE time = ${at(0)}`,
      );
      return rolled === (hourS - 600) * ratePerSec + 1 ? true : undefined;
    });
  });

  test('are made anew where the database has gone', async () => {
    const written = someHours();
    await write(...written);
    await untilRolled(hours);
    await influxql(`DROP DATABASE ${rig.database}`);
    // While it drops, InfluxDB answers that a shard is not found, or takes a batch more: the next one tells.
    const next = () => rig.store.write([entry(readings('clock', 'ticks', [[1, 1]]))]);
    await expect.poll(next).toEqual({ kind: 'rewind', offset: 0 });
    await write(...written);
    await untilRolled(hours);
    expectAgrees(await ask(false), await ask(true));
  });

  test('are kept as long as it is wanted, and not asked for beyond that', async () => {
    await write(...someHours());
    await untilRolled(hours);
    await rig.store.close();
    await rig.open({ keepUs: { '1m': 4 * hourUs, '1h': Infinity } });
    const policies = await influxql(`SHOW RETENTION POLICIES ON ${rig.database}`);
    expect(policies[0]?.values.map(([name, duration]) => [name, duration])).toEqual([
      ['autogen', '0s'],
      ['fieldline_1m', '4h0m0s'],
      ['fieldline_1h', '0s'],
    ]);
    // The first two hours of minutes may be gone, and later all of them: the readings answer.
    expectAgrees(await ask(false), await ask(true));
    rig.nowUs += 100 * hourUs;
    expect((await ask(false)).resolutionUs).toBe(0);
    expect((await ask(false, hours)).resolutionUs).toBe(hourUs);
  });
});
