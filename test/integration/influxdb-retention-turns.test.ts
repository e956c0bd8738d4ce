import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SensorBlock } from '@fieldline/protocol';
import { InfluxStore } from '../../gateway/src/sinks/influxdb/influx-store.ts';
import { Entries, gap, readings, secondUs, startUs } from '../contract/store-batches.ts';
import { InfluxFront } from '../services/influx-front.ts';
import { InfluxSurroundings } from '../services/influx-surroundings.ts';
import { influxdProgram, startInfluxd, type Influxd } from '../services/influxd.ts';
import { eventually } from '../services/wait.ts';

const hourS = 3600;
const hourUs = hourS * secondUs;
/** Readings an hour of the sensor `air`. */
const anHour = 36;
/** Readings are kept for two hours, rollups for ever. */
const keepUs = { readings: 2 * hourUs, '1m': Infinity, '1h': Infinity };
const hours = 6;
/** Turns after which it is told that nothing goes. */
const manyTurns = 30;

describe.skipIf(influxdProgram.missing)('turns of the retention in InfluxDB in which nothing goes', () => {
  let influxd: Influxd;
  let front: InfluxFront;
  let around: InfluxSurroundings;
  let entries: Entries;
  let store: InfluxStore;
  let runs = 0;
  let nowUs: number;

  beforeAll(async () => {
    influxd = await startInfluxd();
  });
  afterAll(() => influxd.remove());
  beforeEach(async () => {
    around = await InfluxSurroundings.make(`turns_${++runs}`, influxd.url);
    entries = new Entries('greenhouse-1');
    nowUs = startUs + hours * hourUs;
    front = new InfluxFront(influxd.url);
    await front.start();
    const address = { url: front.url, database: around.database };
    store = new InfluxStore({ ...around.options(), address, nowUs: () => nowUs, keepUs });
    expect(await store.open(0)).toMatchObject({ kind: 'ready' });
  });
  afterEach(async () => {
    front.cuts = undefined;
    await store.close();
    await front.stop();
    await around.remove();
  });

  const points = () => around.number(`SELECT count(temperature) FROM thermometer WHERE sensor = 'air'`);

  const write = async (...sensors: SensorBlock[]): Promise<void> =>
    expect(await store.write([entries.next(...sensors)])).toEqual({ kind: 'stored' });

  const counted = async (): Promise<number | undefined> =>
    new Map<string, number>(await store.counts()).get('greenhouse-1/air/temperature');

  /** One batch an hour of the sensor `air`, until the clock says so, all rolled up but the last. */
  async function someHours(from: number, to: number): Promise<void> {
    nowUs = startUs + to * hourUs;
    for (let hour = from; hour < to; hour++) {
      const rows = Array.from({ length: anHour }, (_, at) => [hour * hourS + at * 100, at] as const);
      await write(readings('air', 'temperature', rows));
    }
    await eventually('the hours are rolled up', async () => {
      around.tick();
      const q = `SELECT count(temperature_count) FROM fieldline_1h.thermometer WHERE sensor = 'air'`;
      return (await around.number(q)) >= to - 1 ? true : undefined;
    });
    // Behind the rollup that is still under way: its questions would wait for writes that wait for it.
    expect(await store.write([])).toEqual({ kind: 'stored' });
  }

  /** Turns until so many readings of `air` are left as points. */
  const untilLeft = (count: number): Promise<true> =>
    eventually(`${count} points`, async () => {
      around.tick();
      await store.retire();
      return (await points()) === count ? true : undefined;
    });

  const held = (reason: string): number | undefined =>
    store
      .counters()
      .find(({ name }) => name === 'fieldline_influxdb_retire_held_total')
      ?.samples.find(({ labels }) => labels['reason'] === reason)?.value;

  /** Writes what `blockOf` says before each question to InfluxDB. */
  function writesBeforeQuestions(blockOf: (written: number) => SensorBlock): () => number {
    let written = 0;
    let isWriting = false;
    front.cuts = async ({ query }, when) => {
      if (when === 'after' || isWriting || query['q']?.startsWith('SELECT') !== true) return false;
      isWriting = true;
      await write(blockOf(written++));
      isWriting = false;
      return false;
    };
    return () => written;
  }

  test('a device that sends what is retired already does not keep the rest from going', async () => {
    await someHours(0, hours);
    await untilLeft(3 * anHour);
    await someHours(hours, hours + 2);
    const written = writesBeforeQuestions((at) => readings('air', 'temperature', [[101 + at, 1]]));
    await store.retire();
    front.cuts = undefined;
    expect(written()).toBeGreaterThan(1);
    expect(await points()).toBe(3 * anHour);
    expect(await counted()).toBe((hours + 2) * anHour + written());
    expect(around.told).toEqual([]);
  });

  test('a device that sends into an hour that is due again and again is named, and what is kept is counted', async () => {
    await someHours(0, hours);
    for (let turn = 1; turn <= manyTurns; turn++) {
      await write(readings('air', 'temperature', [[100 * turn + 1, turn]]));
      await store.retire();
      expect([held('not-rolled-up'), around.told.length]).toEqual([turn, turn < manyTurns ? 0 : 1]);
    }
    expect(await points()).toBe(hours * anHour + manyTurns);
    expect(around.told[0]).toContain(
      'greenhouse-1/air/temperature gets readings for the hour of 2026-01-01T00:00',
    );
    await untilLeft(3 * anHour);
    expect(await counted()).toBe(hours * anHour + manyTurns);
  });

  test('a device that sends whenever something is about to go is named, and what is kept is counted', async () => {
    await someHours(0, hours);
    const written = writesBeforeQuestions((at) => gap('slow', 100 + at, 101 + at, 'cable'));
    for (let turn = 1; turn <= manyTurns; turn++) {
      await store.retire();
      expect([held('written-meanwhile'), around.told.length]).toEqual([turn, turn < manyTurns ? 0 : 1]);
    }
    front.cuts = undefined;
    expect(around.told[0]).toContain('greenhouse-1 sends something for that time whenever it is about to go');
    expect(await points()).toBe(hours * anHour);
    await untilLeft(3 * anHour);
    expect(await around.number('SELECT count(reason) FROM fieldline_gap')).toBe(written());
  });

  test.each(['before', 'after'] as const)(
    'a drop that is cut off %s it is done is ended by the next turn',
    async (cut) => {
      await someHours(0, hours);
      await write(gap('air', 10, 20, 'cable'));
      const gaps = () => around.number('SELECT count(reason) FROM fieldline_gap');
      front.cuts = ({ query }, when) => when === cut && query['q']?.startsWith('DROP SHARD') === true;
      await expect(store.retire()).rejects.toThrow();
      expect(await gaps()).toBe(cut === 'before' ? 1 : 0);
      front.cuts = undefined;
      await store.retire();
      expect([await gaps(), await points(), await counted()]).toEqual([1, 3 * anHour, hours * anHour]);
    },
  );

  test('a stream that is not rolled up holds what is due of all streams, which is told with its name, once', async () => {
    await someHours(0, hours);
    await untilLeft(3 * anHour);
    await someHours(hours, hours + 2);
    await write(readings('fast', 'temperature', [[4.5 * hourS, 1]]));
    for (let turn = 1; turn <= 2 * manyTurns; turn++) await store.retire();
    expect([held('not-rolled-up'), await points(), around.told.length]).toEqual([
      2 * manyTurns,
      5 * anHour,
      1,
    ]);
    expect(around.told[0]).toMatch(
      /from 2026-01-01T03:00.* are kept beyond their age, and all that are newer/,
    );
    expect(around.told[0]).toContain('greenhouse-1/fast/temperature is not rolled up from 2026-01-01T03:00');
    await untilLeft(3 * anHour);
    expect(around.told).toHaveLength(1);
  });
});
