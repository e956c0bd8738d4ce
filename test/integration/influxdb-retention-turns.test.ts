import { beforeEach, describe, expect, test } from 'vitest';
import type { SensorBlock } from '@fieldline/protocol';
import { gap, readings, startUs } from '../contract/store-batches.ts';
import { influxRig, keepUs } from '../services/influx-rig.ts';
import { airOver, hours, hourS, hourUs } from '../services/influx-stores.ts';
import { influxdProgram } from '../services/influxd.ts';

/** Readings an hour of the sensor `air`. */
const anHour = 36;
/** Turns after which it is told that nothing goes. */
const manyTurns = 30;

describe.skipIf(influxdProgram.missing)('turns of the retention in InfluxDB in which nothing goes', () => {
  const rig = influxRig('turns');
  const { counted, entry, number, points, untilLeft, untilRolled } = rig;

  beforeEach(() => rig.open({ keepUs }));

  const write = (...sensors: SensorBlock[]): Promise<void> => rig.write(entry(...sensors));

  /** One batch an hour of the sensor `air`, until the clock says so, all rolled up but the last. */
  async function someHours(from: number, to: number): Promise<void> {
    rig.nowUs = startUs + to * hourUs;
    for (let hour = from; hour < to; hour++) await write(airOver(hour * hourS, hourS, anHour));
    await untilRolled(to - 1);
    // Behind the rollup that is still under way: its questions would wait for writes that wait for it.
    await rig.write();
  }

  const held = (reason: string): number | undefined =>
    rig.store
      .counters()
      .find(({ name }) => name === 'fieldline_influxdb_retire_held_total')
      ?.samples.find(({ labels }) => labels['reason'] === reason)?.value;

  /** Writes what `blockOf` says before each question to InfluxDB. */
  function writesBeforeQuestions(blockOf: (written: number) => SensorBlock): () => number {
    let written = 0;
    let isWriting = false;
    rig.front.cuts = async ({ query }, when) => {
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
    await rig.store.retire();
    rig.front.cuts = undefined;
    expect(written()).toBeGreaterThan(1);
    expect(await points()).toBe(3 * anHour);
    expect(await counted()).toBe((hours + 2) * anHour + written());
    expect(rig.told).toEqual([]);
  });

  test('a device that sends into an hour that is due again and again is named, and what is kept is counted', async () => {
    await someHours(0, hours);
    for (let turn = 1; turn <= manyTurns; turn++) {
      await write(readings('air', 'temperature', [[100 * turn + 1, turn]]));
      await rig.store.retire();
      expect([held('not-rolled-up'), rig.told.length]).toEqual([turn, turn < manyTurns ? 0 : 1]);
    }
    expect(await points()).toBe(hours * anHour + manyTurns);
    expect(rig.told[0]).toContain(
      'greenhouse-1/air/temperature gets readings for the hour of 2026-01-01T00:00',
    );
    await untilLeft(3 * anHour);
    expect(await counted()).toBe(hours * anHour + manyTurns);
  });

  test('a device that sends whenever something is about to go is named, and what is kept is counted', async () => {
    await someHours(0, hours);
    const written = writesBeforeQuestions((at) => gap('slow', 100 + at, 101 + at, 'cable'));
    for (let turn = 1; turn <= manyTurns; turn++) {
      await rig.store.retire();
      expect([held('written-meanwhile'), rig.told.length]).toEqual([turn, turn < manyTurns ? 0 : 1]);
    }
    rig.front.cuts = undefined;
    expect(rig.told[0]).toContain('greenhouse-1 sends something for that time whenever it is about to go');
    expect(await points()).toBe(hours * anHour);
    await untilLeft(3 * anHour);
    expect(await number('SELECT count(reason) FROM fieldline_gap')).toBe(written());
  });

  test.each(['before', 'after'] as const)(
    'a drop that is cut off %s it is done is ended by the next turn',
    async (cut) => {
      await someHours(0, hours);
      await write(gap('air', 10, 20, 'cable'));
      const gaps = () => number('SELECT count(reason) FROM fieldline_gap');
      rig.front.cuts = ({ query }, when) => when === cut && query['q']?.startsWith('DROP SHARD') === true;
      await expect(rig.store.retire()).rejects.toThrow();
      expect(await gaps()).toBe(cut === 'before' ? 1 : 0);
      rig.front.cuts = undefined;
      await rig.store.retire();
      expect([await gaps(), await points(), await counted()]).toEqual([1, 3 * anHour, hours * anHour]);
    },
  );

  test('a stream that is not rolled up holds what is due of all streams, which is told with its name, once', async () => {
    await someHours(0, hours);
    await untilLeft(3 * anHour);
    await someHours(hours, hours + 2);
    await write(readings('fast', 'temperature', [[4.5 * hourS, 1]]));
    for (let turn = 1; turn <= 2 * manyTurns; turn++) await rig.store.retire();
    expect([held('not-rolled-up'), await points(), rig.told.length]).toEqual([2 * manyTurns, 5 * anHour, 1]);
    expect(rig.told[0]).toMatch(/from 2026-01-01T03:00.* are kept beyond their age, and all that are newer/);
    expect(rig.told[0]).toContain('greenhouse-1/fast/temperature is not rolled up from 2026-01-01T03:00');
    await untilLeft(3 * anHour);
    expect(rig.told).toHaveLength(1);
  });
});
