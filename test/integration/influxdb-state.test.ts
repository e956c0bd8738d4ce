import { mkdir, readFile, rename, rmdir, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import type { JournaledBatch } from '../../gateway/src/sinks/sink.ts';
import { readings } from '../contract/store-batches.ts';
import { influxRig, keepUs } from '../services/influx-rig.ts';
import { airOver, hours } from '../services/influx-stores.ts';
import { influxdProgram } from '../services/influxd.ts';

/** Readings of half an hour, one entry each. */
const halfHour = 180;
const total = 2 * hours * halfHour;

describe.skipIf(influxdProgram.missing)('what the InfluxDB sink remembers', () => {
  const rig = influxRig('state');
  const { counted, entry, number, points, untilLeft, untilRolled, write } = rig;
  const cried: { about: object; message: string }[] = [];
  const logger = {
    ...rig.logger,
    error: (about: object, message: string) => void cried.push({ about, message }),
  };

  beforeEach(async () => {
    cried.length = 0;
    expect(await make().open()).toEqual({ kind: 'ready', resumeAt: 0 });
  });

  const make = () => rig.make({ logger, keepUs });

  const rolled = (policy: string): Promise<number> =>
    number(`SELECT sum(temperature_count) FROM ${policy}.thermometer`);

  /** Two entries an hour. */
  const journaled = (): JournaledBatch[] =>
    Array.from({ length: 2 * hours }, (_, half) => entry(airOver(half * 1800, 1800, halfHour)));

  /** Six hours, the oldest three of which are retired, and their end: what the state file is called. */
  async function retiredAndClosed(journal: readonly JournaledBatch[]): Promise<string> {
    await write(...journal);
    await untilRolled(hours - 1);
    await untilLeft(6 * halfHour);
    await rig.store.close();
    return await rig.statePath();
  }

  test('late readings of a quantity whose name ends as that of a quality are counted', async () => {
    const qualityAt = (...seconds: number[]) =>
      entry(
        readings(
          'air',
          'air_quality',
          seconds.map((second) => [second, 1] as const),
        ),
      );
    await retiredAndClosed([...journaled(), qualityAt(20_000, 20_001)]);
    expect(await make().open()).toMatchObject({ kind: 'ready' });
    await write(qualityAt(3, 4, 5));
    expect(await counted('greenhouse-1/air/air_quality')).toBe(5);
    expect([await counted(), await points()]).toEqual([total, 6 * halfHour]);
  });

  test('a sink that never came to InfluxDB leaves its state as it is', async () => {
    const journal = journaled();
    const path = await retiredAndClosed(journal);
    const before = await readFile(path, 'utf8');
    rig.front.cuts = () => true;
    expect(await make().open()).toMatchObject({ kind: 'retryable' });
    await rig.store.close();
    rig.front.cuts = undefined;
    expect(await readFile(path, 'utf8')).toBe(before);
    expect(await make().open()).toEqual({ kind: 'ready', resumeAt: journal.length });
    expect(await counted()).toBe(total);
  });

  test('a state that cannot be read now is waited for, and not replaced', async () => {
    const journal = journaled();
    const path = await retiredAndClosed(journal);
    await rename(path, `${path}.elsewhere`);
    await mkdir(path);
    const failure = { code: 'INFLUX_STATE_UNUSABLE', detail: expect.stringContaining('EISDIR') };
    expect(await make().open()).toMatchObject({ kind: 'retryable', failure });
    await rig.store.close();
    await rmdir(path);
    await rename(`${path}.elsewhere`, path);
    expect(await make().open()).toEqual({ kind: 'ready', resumeAt: journal.length });
    expect(await counted()).toBe(total);
  });

  test.each([
    ['is cut off', (text: string) => text.slice(0, text.length / 2)],
    ['is empty', () => ''],
    ['has another shape', () => '{"version":2}'],
  ])('a state that %s is kept aside, told, and costs no rollup', async (_name, spoil) => {
    const journal = journaled();
    const path = await retiredAndClosed(journal);
    const spoilt = spoil(await readFile(path, 'utf8'));
    await writeFile(path, spoilt);
    await writeFile(`${path}.unusable-1`, 'an older one');
    expect(await make().open()).toEqual({ kind: 'ready', resumeAt: 0 });
    expect(cried).toEqual([
      { about: expect.objectContaining({ keptAs: `${path}.unusable-2` }), message: expect.any(String) },
    ]);
    expect(await readFile(`${path}.unusable-2`, 'utf8')).toBe(spoilt);
    expect(await readFile(`${path}.unusable-1`, 'utf8')).toBe('an older one');
    // The journal does not reach back to the first half of the first hour.
    await write(...journal.slice(1));
    await untilLeft(6 * halfHour);
    const whole = 2 * (hours - 1) * halfHour;
    expect([await rolled('fieldline_1h'), await rolled('fieldline_1m')]).toEqual([whole, whole]);
    expect(await counted()).toBe(total - halfHour);
    await rig.store.close();
    expect(await make().open()).toEqual({ kind: 'ready', resumeAt: journal.length });
    expect(cried).toHaveLength(1);
  });
});
