import { readFile, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import type { InfluxKeepUs } from '../../gateway/src/sinks/influxdb/rollups/grains.ts';
import type { JournaledBatch } from '../../gateway/src/sinks/sink.ts';
import { gap, readings, secondUs, startUs, windows } from '../contract/store-batches.ts';
import { influxRig, keepUs } from '../services/influx-rig.ts';
import { air, airOver, hours, hourS, hourUs } from '../services/influx-stores.ts';
import { influxdProgram } from '../services/influxd.ts';

/** Readings an hour of the sensor `air`. */
const anHour = 360;

describe.skipIf(influxdProgram.missing)('retention of readings in InfluxDB', () => {
  const rig = influxRig('retention');
  const { ask, counted, entry, influxql, points, untilLeft, untilRolled } = rig;
  /** All that was written, in order: the journal. */
  let journal: JournaledBatch[];

  beforeEach(async () => {
    journal = [];
    await open();
  });

  const open = (keep: InfluxKeepUs = keepUs, journalEnd = 0) => rig.open({ keepUs: keep }, journalEnd);

  /** The state file as it stands on the disk. */
  async function stateNow(): Promise<{ path: string; content: string }> {
    const path = await rig.statePath();
    return { path, content: await readFile(path, 'utf8') };
  }

  const write = async (...written: JournaledBatch[]): Promise<void> => {
    journal.push(...written);
    await rig.write(...written);
  };

  /** One batch an hour. */
  const someHours = (): JournaledBatch[] =>
    Array.from({ length: hours }, (_, hour) => entry(airOver(hour * hourS, hourS, anHour)));

  /** Readings between those of an hour. */
  const between = (hour: number) => airOver(hour * hourS + 5, hourS, 60);

  const sum = (column: Float64Array): number => column.reduce((total, each) => total + each, 0);

  /** Writes six hours, and has all that is due rolled up. */
  async function rollSome(): Promise<void> {
    await write(...someHours());
    await untilRolled(hours - 1);
  }

  /** The oldest four hours are older than two hours when the newest reading is. */
  async function retireSome(): Promise<void> {
    await rollSome();
    await untilLeft(3 * anHour);
  }

  test('readings go, the ledger goes on counting them, and rollups answer', async () => {
    await write(...someHours());
    const before = await ask(hours, { exact: true });
    const streams = await rig.store.streams();
    await untilRolled(hours - 1);
    await untilLeft(3 * anHour);
    expect(await counted()).toBe(hours * anHour);
    expect(await rig.store.streams()).toEqual(streams);
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
    expect(rig.store.counters().map(({ name, samples }) => [name, samples[0]?.value])).toContainEqual([
      'fieldline_influxdb_retired_readings_total',
      3 * anHour,
    ]);
  });

  test('what is no reading stays: gaps, units, windows that no rollup holds', async () => {
    const long = { startS: 0, values: [1, 2, 3] };
    await write(
      entry(gap('air', 10, 20, 'cable, "pulled"'), windows('soil', 'temperature', 7200, [long])),
      entry(windows('soil', 'temperature', 10, [{ startS: 60, values: [4, 5] }])),
      ...someHours(),
    );
    await untilRolled(hours - 1);
    await untilLeft(3 * anHour);
    expect(await counted('greenhouse-1/soil/temperature')).toBe(5);
    const [soil] = await influxql(`SELECT * FROM thermometer WHERE "sensor" = 'soil'`);
    expect(soil?.values).toHaveLength(1);
    expect((await ask(10)).gaps).toEqual([
      [startUs + 10 * secondUs, startUs + 20 * secondUs, 'cable, "pulled"'],
    ]);
    expect(sum((await ask(10, { sensor: 'soil' })).columns.count)).toBe(5);
    await rig.store.close();
    await open();
    expect(await rig.store.streams()).toEqual([
      expect.objectContaining({ stream: 'greenhouse-1/soil/temperature', unit: 'Cel' }),
      expect.objectContaining({ stream: air, unit: 'Cel' }),
    ]);
  });

  test('readings that come for a time that is retired reach the rollups and are counted once', async () => {
    await retireSome();
    const late = [entry(between(1)), entry(readings('air', 'temperature', [[7, 9999]]))];
    const before = await stateNow();
    await write(...late);
    const total = hours * anHour + 61;
    expect([await counted(), await points()]).toEqual([total, 3 * anHour]);
    expect(sum((await ask(hours)).columns.count)).toBe(total);
    expect((await ask(360)).columns.max[0]).toBe(9999);
    // Its end came before the position was durable: the same entries come again.
    await writeFile(before.path, before.content);
    const { offset } = late[0] ?? { offset: 0 };
    await open();
    expect(await rig.store.open()).toEqual({ kind: 'ready', resumeAt: offset });
    await rig.write(...late);
    expect(await counted()).toBe(total);
    expect(sum((await ask(hours)).columns.count)).toBe(total);
  });

  test('late readings wait for a rollup that somebody has dropped, and are counted once', async () => {
    await retireSome();
    await influxql(`DROP RETENTION POLICY fieldline_1m ON ${rig.database}`);
    const late = [entry(between(1))];
    expect(await rig.store.write(late)).toMatchObject({ kind: 'retryable' });
    expect(await counted()).toBe(hours * anHour);
    await write(...late);
    expect(await counted()).toBe(hours * anHour + 60);
    expect(sum((await ask(hours)).columns.count)).toBe(hours * anHour + 60);
  });

  test('a replay from anywhere adds up', async () => {
    await retireSome();
    await write(entry(between(1), gap('air', 10, 20, 'cable')));
    const total = hours * anHour + 60;
    for (const offset of [0, 3, journal.length - 1]) {
      expect(await rig.store.rebuild(offset)).toEqual({ kind: 'ready', resumeAt: offset });
      for (const each of journal.slice(offset)) await rig.write(each);
      expect([await counted(), await points()]).toEqual([total, 3 * anHour]);
      expect(sum((await ask(hours)).columns.count)).toBe(total);
    }
    // What comes anew is counted anew, and later readings go as ever.
    await write(
      ...Array.from({ length: 3 }, (_, hour) => entry(airOver((hours + hour) * hourS, hourS, anHour))),
    );
    rig.nowUs += 3 * hourUs;
    await untilLeft(3 * anHour);
    expect(await counted()).toBe(total + 3 * anHour);
  });

  test('a database that is lost is filled again, and adds up before and after readings go again', async () => {
    await retireSome();
    await influxql(`DROP DATABASE ${rig.database}`);
    const next = () => {
      journal.push(entry(readings('clock', 'ticks', [[1, 1]])));
      return rig.store.write(journal.slice(-1));
    };
    await expect.poll(next).toEqual({ kind: 'rewind', offset: 0 });
    await rig.write(...journal);
    expect([await counted(), await points()]).toEqual([hours * anHour, hours * anHour]);
    await untilRolled(hours - 1);
    await untilLeft(3 * anHour);
    expect(await counted()).toBe(hours * anHour);
    expect(sum((await ask(hours)).columns.count)).toBe(hours * anHour);
  });

  test('a database that is lost in the middle of a drop is filled again', async () => {
    const { front } = rig;
    await rollSome();
    front.cuts = ({ query }) => query['q']?.startsWith('DROP SHARD') === true;
    await expect(rig.store.retire()).rejects.toThrow();
    const next = [entry(airOver(hours * hourS, hourS, anHour))];
    expect(await rig.store.write(next)).toMatchObject({ kind: 'retryable' });
    expect(await points()).toBe(hours * anHour);
    await influxql(`DROP DATABASE ${rig.database}`);
    front.cuts = undefined;
    await expect.poll(() => rig.store.write(next)).toEqual({ kind: 'rewind', offset: 0 });
    await rig.write(...journal, ...next);
    expect([await counted(), await points()]).toEqual([(hours + 1) * anHour, (hours + 1) * anHour]);
  });

  test('a clock that jumps ten years ahead removes nothing that is not old', async () => {
    await rollSome();
    rig.nowUs += 10 * 365 * 24 * hourUs;
    await untilRolled(hours);
    await untilLeft(3 * anHour);
    await rig.store.retire();
    expect([await points(), await counted()]).toEqual([3 * anHour, hours * anHour]);
  });

  test('a clock that is behind keeps readings longer', async () => {
    await rollSome();
    rig.nowUs = startUs;
    await rig.store.retire();
    expect(await points()).toBe(hours * anHour);
  });

  test('readings stay until rollups hold them', async () => {
    await write(...someHours());
    await rig.store.retire();
    expect(await points()).toBe(hours * anHour);
    await untilRolled(hours - 1);
    // Somebody has emptied the rollup meanwhile: it is made again first.
    await influxql('DROP RETENTION POLICY fieldline_1h ON ' + rig.database);
    await influxql(`CREATE RETENTION POLICY fieldline_1h ON ${rig.database} DURATION INF REPLICATION 1`);
    await rig.store.retire();
    expect(await points()).toBe(hours * anHour);
    expect(rig.told).toEqual([
      expect.stringContaining('Rollups lack readings of greenhouse-1/air/temperature'),
    ]);
    await untilLeft(3 * anHour);
    expect(sum((await ask(hours)).columns.count)).toBe(hours * anHour);
  });

  test("points that are nobody's readings keep a shard, which is said once", async () => {
    await write(...someHours());
    await rig.post(`cpu load=1 ${startUs}`);
    await untilRolled(hours - 1);
    await rig.store.retire();
    await rig.store.retire();
    expect(await points()).toBe(hours * anHour);
    expect(rig.told).toEqual([expect.stringContaining('“cpu”')]);
    await influxql('DROP MEASUREMENT cpu');
    await untilLeft(3 * anHour);
  });

  test('nothing goes before what an earlier run may have written is written again', async () => {
    await rollSome();
    await rig.store.close();
    const next = entry(between(0));
    await open(keepUs, next.offset + 1);
    await rig.store.retire();
    expect(await points()).toBe(hours * anHour);
    await write(next);
    await untilLeft(3 * anHour);
    expect(await counted()).toBe(hours * anHour + 60);
  });

  test('what is written while a drop is worked out is counted too', async () => {
    await rollSome();
    for (let minute = 0; minute < 30; minute++) {
      const retiring = rig.store.retire();
      await write(entry(readings('air', 'temperature', [[minute * 60 + 1, minute]])));
      rig.rollTimer?.();
      const total = await counted();
      expect(total).toBe(hours * anHour + minute + 1);
      await retiring;
    }
    await untilLeft(3 * anHour);
    expect(await counted()).toBe(hours * anHour + 30);
    expect(sum((await ask(hours)).columns.count)).toBe(hours * anHour + 30);
  });

  test('what comes behind the count and before the drop is counted anew', async () => {
    const { front } = rig;
    await rollSome();
    let writing: Promise<void> | undefined;
    front.cuts = ({ query }) => {
      // The last question of what is worked out beside the writes.
      if (query['q']?.includes('last(') === true && query['q'].includes('time >='))
        writing ??= write(entry(readings('air', 'temperature', [[1, 1]])));
      return false;
    };
    await rig.store.retire();
    await writing;
    expect([writing !== undefined, await points()]).toEqual([true, hours * anHour + 1]);
    await untilLeft(3 * anHour);
    expect(await counted()).toBe(hours * anHour + 1);
  });

  test.each(['before', 'after'] as const)(
    'a drop that is cut off %s it is done counts as it was, and goes on with the next write',
    async (cut) => {
      const { front } = rig;
      await rollSome();
      front.cuts = ({ query }, when) => when === cut && query['q']?.startsWith('DROP SHARD') === true;
      await expect(rig.store.retire()).rejects.toThrow();
      front.cuts = undefined;
      expect(await counted()).toBe(hours * anHour);
      expect(sum((await ask(hours)).columns.count)).toBe(hours * anHour);
      await write(entry(readings('air', 'temperature', [[1, 1]])));
      expect(await counted()).toBe(hours * anHour + 1);
      await untilLeft(3 * anHour);
      expect(sum((await ask(hours)).columns.count)).toBe(hours * anHour + 1);
    },
  );

  test('a count that shards are dropped under is counted again', async () => {
    const { front } = rig;
    await rollSome();
    let retiring: Promise<void> | undefined;
    front.cuts = async ({ query }) => {
      const isCount = query['q']?.includes('count("temperature")') === true && !query['q'].includes('time');
      if (isCount && !retiring) await (retiring = rig.store.retire());
      return false;
    };
    expect(await counted()).toBe(hours * anHour);
    expect([retiring !== undefined, await points()]).toEqual([true, 3 * anHour]);
  });

  test('a long window that comes late, after a restart, leaves the rollups of its hour as they are', async () => {
    await retireSome();
    await rig.store.close();
    await open();
    await write(entry(windows('air', 'temperature', 7200, [{ startS: 0, values: [1] }])));
    rig.nowUs += hourUs;
    // Its own stands beside that of its hour.
    await untilRolled(hours + 1);
    expect(await counted()).toBe(hours * anHour + 1);
    expect(sum((await ask(hours)).columns.count)).toBe(hours * anHour + 1);
  });

  test('what is retired stays so when readings are kept for ever again', async () => {
    await retireSome();
    await rig.store.close();
    await open({ '1m': Infinity, '1h': Infinity });
    await write(entry(readings('air', 'temperature', [[7, 9999]])));
    expect([await counted(), await points()]).toEqual([hours * anHour + 1, 3 * anHour]);
    expect((await ask(360)).columns.max[0]).toBe(9999);
  });
});
