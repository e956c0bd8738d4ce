import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { InfluxStore } from '../../gateway/src/sinks/influxdb/influx-store.ts';
import type { InfluxKeepUs } from '../../gateway/src/sinks/influxdb/rollups/grains.ts';
import type { SeriesAnswer } from '../../gateway/src/query/store.ts';
import type { JournaledBatch } from '../../gateway/src/sinks/sink.ts';
import { Entries, gap, readings, secondUs, startUs, windows } from '../contract/store-batches.ts';
import { InfluxFront } from '../services/influx-front.ts';
import { InfluxSurroundings } from '../services/influx-surroundings.ts';
import { influxdProgram, startInfluxd, type Influxd } from '../services/influxd.ts';
import { eventually } from '../services/wait.ts';

const hourS = 3600;
const hourUs = hourS * secondUs;
const air = 'greenhouse-1/air/temperature';
/** Readings an hour of the sensor `air`. */
const anHour = 360;
/** Readings are kept for two hours, rollups for ever. */
const keepUs = { readings: 2 * hourUs, '1m': Infinity, '1h': Infinity };
const hours = 6;

describe.skipIf(influxdProgram.missing)('retention of readings in InfluxDB', () => {
  let influxd: Influxd;
  let around: InfluxSurroundings;
  let entries: Entries;
  let store: InfluxStore;
  let runs = 0;
  let nowUs: number;
  /** All that was written, in order: the journal. */
  let journal: JournaledBatch[];

  beforeAll(async () => {
    influxd = await startInfluxd();
  });
  afterAll(() => influxd.remove());
  beforeEach(async () => {
    around = await InfluxSurroundings.make(`retention_${++runs}`, influxd.url);
    entries = new Entries('greenhouse-1');
    journal = [];
    nowUs = startUs + hours * hourUs;
    store = await open();
  });
  afterEach(async () => {
    await store.close();
    await around.remove();
  });

  async function open(keep: InfluxKeepUs = keepUs, journalEnd = 0, url = influxd.url): Promise<InfluxStore> {
    const address = { url, database: around.database };
    const opened = new InfluxStore({ ...around.options(), address, nowUs: () => nowUs, keepUs: keep });
    expect(await opened.open(journalEnd)).toMatchObject({ kind: 'ready' });
    return opened;
  }

  /** The state file as it stands on the disk. */
  async function stateNow(): Promise<{ path: string; content: string }> {
    const [name = ''] = (await readdir(around.directory)).filter((each) => each.endsWith('.json'));
    const path = join(around.directory, name);
    return { path, content: await readFile(path, 'utf8') };
  }

  const write = async (...written: JournaledBatch[]): Promise<void> => {
    journal.push(...written);
    expect(await store.write(written)).toEqual({ kind: 'stored' });
  };

  /** One batch an hour, each value its second. */
  const someHours = (count = hours): JournaledBatch[] =>
    Array.from({ length: count }, (_, hour) => entries.next(hourOf(hour)));

  const hourOf = (hour: number, everyS = hourS / anHour, fromS = 0) =>
    readings(
      'air',
      'temperature',
      Array.from({ length: hourS / everyS }, (_, index) => {
        const second = hour * hourS + fromS + index * everyS;
        return [second, second] as const;
      }),
    );

  /** Lets the timers of rollups come until `count` hours are rolled up. */
  async function untilRolled(count: number): Promise<void> {
    await eventually(`${count} hours`, async () => {
      around.tick();
      const q = `SELECT count(temperature_count) FROM fieldline_1h.thermometer WHERE sensor = 'air'`;
      return (await around.number(q)) >= count ? true : undefined;
    });
  }

  /** Retires until so many readings of `air` are left as points. */
  async function untilLeft(count: number): Promise<void> {
    await eventually(`${count} points`, async () => {
      around.tick();
      await store.retire();
      return (await points()) === count ? true : undefined;
    });
  }

  async function points(): Promise<number> {
    const q = `SELECT count(temperature) FROM thermometer WHERE sensor = 'air' AND "window" = ''`;
    return await around.number(q);
  }

  const counted = async (stream = air): Promise<number | undefined> =>
    new Map<string, number>(await store.counts()).get(stream);

  async function ask(
    points: number,
    more: { fromUs?: number; toUs?: number; sensor?: string; exact?: boolean } = {},
  ): Promise<SeriesAnswer> {
    const { fromUs = startUs, toUs = startUs + hours * hourUs, sensor = 'air', exact = false } = more;
    const streams = [{ device: 'greenhouse-1', sensor, quantity: 'temperature' }];
    const answer = await store.query({ fromUs, toUs, streams, points, quantiles: true, exact });
    if (!answer.ok) throw new Error(answer.refusal.detail);
    return answer.value;
  }

  const sum = (column: Float64Array): number => column.reduce((total, each) => total + each, 0);

  /** Six hours, the oldest four of which are older than two hours when the newest reading is. */
  async function retireSome(): Promise<void> {
    await write(...someHours());
    await untilRolled(hours - 1);
    await untilLeft(3 * anHour);
  }

  /** The store reaches InfluxDB through a front, and has some hours that are rolled up. */
  async function behindFront(): Promise<InfluxFront> {
    const front = new InfluxFront(influxd.url);
    await front.start();
    onTestFinished(() => front.stop());
    await store.close();
    store = await open(keepUs, 0, front.url);
    await write(...someHours());
    await untilRolled(hours - 1);
    return front;
  }

  test('readings go, the ledger goes on counting them, and rollups answer', async () => {
    await write(...someHours());
    const before = await ask(hours, { exact: true });
    const streams = await store.streams();
    await untilRolled(hours - 1);
    await untilLeft(3 * anHour);
    expect(await counted()).toBe(hours * anHour);
    expect(await store.streams()).toEqual(streams);
    for (const exact of [false, true]) {
      const after = await ask(hours, { exact });
      expect([after.windowUs, after.columns.count]).toEqual([hourUs, before.columns.count]);
      expect(after.columns.mean).toEqual(before.columns.mean);
      expect(after.columns.max).toEqual(before.columns.max);
    }
    const minutes = await ask(360);
    expect([minutes.windowUs, sum(minutes.columns.count)]).toEqual([60 * secondUs, hours * anHour]);
    const within = { fromUs: startUs + 600 * secondUs, toUs: startUs + 1200 * secondUs };
    expect(sum((await ask(1000, within)).columns.count)).toBe(anHour / 6);
    // Where readings are left, they answer themselves.
    expect((await ask(10_000, { fromUs: startUs + 4 * hourUs })).windowUs).toBe(0);
    expect(store.counters().map(({ name, samples }) => [name, samples[0]?.value])).toContainEqual([
      'fieldline_influxdb_retired_readings_total',
      3 * anHour,
    ]);
  });

  test('what is no reading stays: gaps, units, windows that no rollup holds', async () => {
    const long = { startS: 0, values: [1, 2, 3] };
    await write(
      entries.next(gap('air', 10, 20, 'cable, "pulled"'), windows('soil', 'temperature', 7200, [long])),
      entries.next(windows('soil', 'temperature', 10, [{ startS: 60, values: [4, 5] }])),
      ...someHours(),
    );
    await untilRolled(hours - 1);
    await untilLeft(3 * anHour);
    expect(await counted('greenhouse-1/soil/temperature')).toBe(5);
    const [soil] = await around.influxql(`SELECT * FROM thermometer WHERE "sensor" = 'soil'`);
    expect(soil?.values).toHaveLength(1);
    expect((await ask(10)).gaps).toEqual([
      [startUs + 10 * secondUs, startUs + 20 * secondUs, 'cable, "pulled"'],
    ]);
    expect(sum((await ask(10, { sensor: 'soil' })).columns.count)).toBe(5);
    await store.close();
    store = await open();
    expect(await store.streams()).toEqual([
      expect.objectContaining({ stream: 'greenhouse-1/soil/temperature', unit: 'Cel' }),
      expect.objectContaining({ stream: air, unit: 'Cel' }),
    ]);
  });

  test('readings that come for a time that is retired reach the rollups and are counted once', async () => {
    await retireSome();
    const late = [entries.next(hourOf(1, 60, 5)), entries.next(readings('air', 'temperature', [[7, 9999]]))];
    const before = await stateNow();
    await write(...late);
    const total = hours * anHour + 61;
    expect([await counted(), await points()]).toEqual([total, 3 * anHour]);
    expect(sum((await ask(hours)).columns.count)).toBe(total);
    expect((await ask(360)).columns.max[0]).toBe(9999);
    // Its end came before the position was durable: the same entries come again.
    await writeFile(before.path, before.content);
    const { offset } = late[0] ?? { offset: 0 };
    const other = await open();
    const resumed = await other.open();
    expect(resumed).toEqual({ kind: 'ready', resumeAt: offset });
    expect(await other.write(late)).toEqual({ kind: 'stored' });
    expect(new Map<string, number>(await other.counts()).get(air)).toBe(total);
    expect(sum((await ask(hours)).columns.count)).toBe(total);
    await store.close();
    store = other;
  });

  test('late readings wait for a rollup that somebody has dropped, and are counted once', async () => {
    await retireSome();
    await around.influxql(`DROP RETENTION POLICY fieldline_1m ON ${around.database}`);
    const late = [entries.next(hourOf(1, 60, 5))];
    expect(await store.write(late)).toMatchObject({ kind: 'retryable' });
    expect(await counted()).toBe(hours * anHour);
    await write(...late);
    expect(await counted()).toBe(hours * anHour + 60);
    expect(sum((await ask(hours)).columns.count)).toBe(hours * anHour + 60);
  });

  test('a replay from anywhere adds up', async () => {
    await retireSome();
    await write(entries.next(hourOf(1, 60, 5), gap('air', 10, 20, 'cable')));
    const total = hours * anHour + 60;
    for (const offset of [0, 3, journal.length - 1]) {
      expect(await store.rebuild(offset)).toEqual({ kind: 'ready', resumeAt: offset });
      for (const each of journal.slice(offset)) expect(await store.write([each])).toEqual({ kind: 'stored' });
      expect([await counted(), await points()]).toEqual([total, 3 * anHour]);
      expect(sum((await ask(hours)).columns.count)).toBe(total);
    }
    // What comes anew is counted anew, and later readings go as ever.
    await write(...Array.from({ length: 3 }, (_, hour) => entries.next(hourOf(hours + hour))));
    nowUs += 3 * hourUs;
    await untilLeft(3 * anHour);
    expect(await counted()).toBe(total + 3 * anHour);
  });

  test('a database that is lost is filled again, and adds up before and after readings go again', async () => {
    await retireSome();
    await around.influxql(`DROP DATABASE ${around.database}`);
    const next = () => {
      journal.push(entries.next(readings('clock', 'ticks', [[1, 1]])));
      return store.write(journal.slice(-1));
    };
    await expect.poll(next).toEqual({ kind: 'rewind', offset: 0 });
    expect(await store.write(journal)).toEqual({ kind: 'stored' });
    expect([await counted(), await points()]).toEqual([hours * anHour, hours * anHour]);
    await untilRolled(hours - 1);
    await untilLeft(3 * anHour);
    expect(await counted()).toBe(hours * anHour);
    expect(sum((await ask(hours)).columns.count)).toBe(hours * anHour);
  });

  test('a database that is lost in the middle of a drop is filled again', async () => {
    const front = await behindFront();
    front.cuts = ({ query }) => query['q']?.startsWith('DROP SHARD') === true;
    await expect(store.retire()).rejects.toThrow();
    const next = [entries.next(hourOf(hours))];
    expect(await store.write(next)).toMatchObject({ kind: 'retryable' });
    expect(await points()).toBe(hours * anHour);
    await around.influxql(`DROP DATABASE ${around.database}`);
    front.cuts = undefined;
    await expect.poll(() => store.write(next)).toEqual({ kind: 'rewind', offset: 0 });
    expect(await store.write([...journal, ...next])).toEqual({ kind: 'stored' });
    expect([await counted(), await points()]).toEqual([(hours + 1) * anHour, (hours + 1) * anHour]);
  });

  test('a clock that jumps ten years ahead removes nothing that is not old', async () => {
    await write(...someHours());
    await untilRolled(hours - 1);
    nowUs += 10 * 365 * 24 * hourUs;
    await untilRolled(hours);
    await untilLeft(3 * anHour);
    await store.retire();
    expect([await points(), await counted()]).toEqual([3 * anHour, hours * anHour]);
  });

  test('a clock that is behind keeps readings longer', async () => {
    await write(...someHours());
    await untilRolled(hours - 1);
    nowUs = startUs;
    await store.retire();
    expect(await points()).toBe(hours * anHour);
  });

  test('readings stay until rollups hold them', async () => {
    await write(...someHours());
    await store.retire();
    expect(await points()).toBe(hours * anHour);
    await untilRolled(hours - 1);
    // Somebody has emptied the rollup meanwhile: it is made again first.
    await around.influxql('DROP RETENTION POLICY fieldline_1h ON ' + around.database);
    await around.influxql(
      `CREATE RETENTION POLICY fieldline_1h ON ${around.database} DURATION INF REPLICATION 1`,
    );
    await store.retire();
    expect(await points()).toBe(hours * anHour);
    expect(around.told).toEqual([
      expect.stringContaining('Rollups lack readings of greenhouse-1/air/temperature'),
    ]);
    await untilLeft(3 * anHour);
    expect(sum((await ask(hours)).columns.count)).toBe(hours * anHour);
  });

  test("points that are nobody's readings keep a shard, which is said once", async () => {
    await write(...someHours());
    await fetch(`${influxd.url}/write?db=${around.database}&precision=u`, { method: 'POST', body: `cpu load=1 ${startUs}` }); // prettier-ignore
    await untilRolled(hours - 1);
    await store.retire();
    await store.retire();
    expect(await points()).toBe(hours * anHour);
    expect(around.told).toEqual([expect.stringContaining('“cpu”')]);
    await around.influxql('DROP MEASUREMENT cpu');
    await untilLeft(3 * anHour);
  });

  test('nothing goes before what an earlier run may have written is written again', async () => {
    await write(...someHours());
    await untilRolled(hours - 1);
    await store.close();
    const next = entries.next(hourOf(0, 60, 5));
    store = await open(keepUs, next.offset + 1);
    await store.retire();
    expect(await points()).toBe(hours * anHour);
    await write(next);
    await untilLeft(3 * anHour);
    expect(await counted()).toBe(hours * anHour + 60);
  });

  test('what is written while a drop is worked out is counted too', async () => {
    await write(...someHours());
    await untilRolled(hours - 1);
    for (let minute = 0; minute < 30; minute++) {
      const retiring = store.retire();
      await write(entries.next(readings('air', 'temperature', [[minute * 60 + 1, minute]])));
      around.tick();
      const total = await counted();
      expect(total).toBe(hours * anHour + minute + 1);
      await retiring;
    }
    await untilLeft(3 * anHour);
    expect(await counted()).toBe(hours * anHour + 30);
    expect(sum((await ask(hours)).columns.count)).toBe(hours * anHour + 30);
  });

  test('what comes behind the count and before the drop is counted anew', async () => {
    const front = await behindFront();
    let writing: Promise<void> | undefined;
    front.cuts = ({ query }) => {
      // The last question of what is worked out beside the writes.
      if (query['q']?.includes('last(') === true && query['q'].includes('time >='))
        writing ??= write(entries.next(readings('air', 'temperature', [[1, 1]])));
      return false;
    };
    await store.retire();
    await writing;
    expect([writing !== undefined, await points()]).toEqual([true, hours * anHour + 1]);
    await untilLeft(3 * anHour);
    expect(await counted()).toBe(hours * anHour + 1);
  });

  test.each(['before', 'after'] as const)(
    'a drop that is cut off %s it is done counts as it was, and goes on with the next write',
    async (cut) => {
      const front = await behindFront();
      front.cuts = ({ query }, when) => when === cut && query['q']?.startsWith('DROP SHARD') === true;
      await expect(store.retire()).rejects.toThrow();
      front.cuts = undefined;
      expect(await counted()).toBe(hours * anHour);
      expect(sum((await ask(hours)).columns.count)).toBe(hours * anHour);
      await write(entries.next(readings('air', 'temperature', [[1, 1]])));
      expect(await counted()).toBe(hours * anHour + 1);
      await untilLeft(3 * anHour);
      expect(sum((await ask(hours)).columns.count)).toBe(hours * anHour + 1);
    },
  );

  test('a count that shards are dropped under is counted again', async () => {
    const front = await behindFront();
    let retiring: Promise<void> | undefined;
    front.cuts = async ({ query }) => {
      const isCount = query['q']?.includes('count("temperature")') === true && !query['q'].includes('time');
      if (isCount && !retiring) await (retiring = store.retire());
      return false;
    };
    expect(await counted()).toBe(hours * anHour);
    expect([retiring !== undefined, await points()]).toEqual([true, 3 * anHour]);
  });

  test('a long window that comes late, after a restart, leaves the rollups of its hour as they are', async () => {
    await retireSome();
    await store.close();
    store = await open();
    await write(entries.next(windows('air', 'temperature', 7200, [{ startS: 0, values: [1] }])));
    nowUs += hourUs;
    // Its own stands beside that of its hour.
    await untilRolled(hours + 1);
    expect(await counted()).toBe(hours * anHour + 1);
    expect(sum((await ask(hours)).columns.count)).toBe(hours * anHour + 1);
  });

  test('what is retired stays so when readings are kept for ever again', async () => {
    await retireSome();
    await store.close();
    store = await open({ '1m': Infinity, '1h': Infinity });
    await write(entries.next(readings('air', 'temperature', [[7, 9999]])));
    expect([await counted(), await points()]).toEqual([hours * anHour + 1, 3 * anHour]);
    expect((await ask(360)).columns.max[0]).toBe(9999);
  });
});
