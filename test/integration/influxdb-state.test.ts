import { mkdir, readFile, readdir, rename, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { InfluxStore } from '../../gateway/src/sinks/influxdb/influx-store.ts';
import type { JournaledBatch } from '../../gateway/src/sinks/sink.ts';
import { Entries, readings, secondUs, startUs } from '../contract/store-batches.ts';
import { InfluxFront } from '../services/influx-front.ts';
import { InfluxSurroundings } from '../services/influx-surroundings.ts';
import { influxdProgram, startInfluxd, type Influxd } from '../services/influxd.ts';
import { eventually } from '../services/wait.ts';

const hourUs = 3600 * secondUs;
const air = 'greenhouse-1/air/temperature';
/** Readings of half an hour, one entry each. */
const halfHour = 180;
const hours = 6;
const total = 2 * hours * halfHour;

describe.skipIf(influxdProgram.missing)('what the InfluxDB sink remembers', () => {
  let influxd: Influxd;
  let front: InfluxFront;
  let around: InfluxSurroundings;
  let entries: Entries;
  let store: InfluxStore;
  let runs = 0;
  const warned: string[] = [];
  const cried: { about: object; message: string }[] = [];
  const logger = {
    info: () => undefined,
    warn: (_about: object, message: string) => void warned.push(message),
    error: (about: object, message: string) => void cried.push({ about, message }),
  };

  beforeAll(async () => {
    influxd = await startInfluxd();
  });
  afterAll(() => influxd.remove());
  beforeEach(async () => {
    around = await InfluxSurroundings.make(`state_${++runs}`, influxd.url);
    front = new InfluxFront(influxd.url);
    await front.start();
    entries = new Entries('greenhouse-1');
    warned.length = 0;
    cried.length = 0;
    store = make();
    expect(await store.open()).toEqual({ kind: 'ready', resumeAt: 0 });
  });
  afterEach(async () => {
    await store.close();
    await front.stop();
    await around.remove();
  });

  function make(): InfluxStore {
    return new InfluxStore({
      ...around.options(),
      address: { url: front.url, database: around.database },
      logger,
      nowUs: () => startUs + hours * hourUs,
      keepUs: { readings: 2 * hourUs, '1m': Infinity, '1h': Infinity },
    });
  }

  const points = (): Promise<number> => around.number('SELECT count(temperature) FROM thermometer');
  const rolled = (policy: string, of = 'sum'): Promise<number> =>
    around.number(`SELECT ${of}(temperature_count) FROM ${policy}.thermometer`);
  const counted = async (): Promise<number | undefined> =>
    new Map<string, number>(await store.counts()).get(air);

  /** Two entries an hour. */
  const journaled = (): JournaledBatch[] =>
    Array.from({ length: 2 * hours }, (_, half) => {
      const rows = Array.from({ length: halfHour }, (_, at) => [half * 1800 + at * 10, at] as const);
      return entries.next(readings('air', 'temperature', rows));
    });

  const untilLeft = (count: number): Promise<true> =>
    eventually(`${count} points`, async () => {
      around.tick();
      await store.retire();
      return (await points()) === count ? true : undefined;
    });

  /** Six hours, the oldest three of which are retired, and their end: what the state file is called. */
  async function retiredAndClosed(journal: readonly JournaledBatch[]): Promise<string> {
    expect(await store.write(journal)).toEqual({ kind: 'stored' });
    await eventually('rollups', async () => {
      around.tick();
      return (await rolled('fieldline_1h', 'count')) === hours - 1 ? true : undefined;
    });
    await untilLeft(6 * halfHour);
    await store.close();
    const [name = ''] = await readdir(around.directory);
    return join(around.directory, name);
  }

  test('late readings of a quantity whose name ends as that of a quality are counted', async () => {
    const qualityAt = (...seconds: number[]) =>
      entries.next(
        readings(
          'air',
          'air_quality',
          seconds.map((second) => [second, 1] as const),
        ),
      );
    await retiredAndClosed([...journaled(), qualityAt(20_000, 20_001)]);
    store = make();
    expect(await store.open()).toMatchObject({ kind: 'ready' });
    expect(await store.write([qualityAt(3, 4, 5)])).toEqual({ kind: 'stored' });
    expect(new Map<string, number>(await store.counts()).get('greenhouse-1/air/air_quality')).toBe(5);
    expect([await counted(), await points()]).toEqual([total, 6 * halfHour]);
  });

  test('a sink that never came to InfluxDB leaves its state as it is', async () => {
    const journal = journaled();
    const path = await retiredAndClosed(journal);
    const before = await readFile(path, 'utf8');
    front.cuts = () => true;
    store = make();
    expect(await store.open()).toMatchObject({ kind: 'retryable' });
    await store.close();
    front.cuts = undefined;
    expect(await readFile(path, 'utf8')).toBe(before);
    store = make();
    expect(await store.open()).toEqual({ kind: 'ready', resumeAt: journal.length });
    expect(await counted()).toBe(total);
  });

  test('a state that cannot be read now is waited for, and not replaced', async () => {
    const journal = journaled();
    const path = await retiredAndClosed(journal);
    await rename(path, `${path}.elsewhere`);
    await mkdir(path);
    store = make();
    const failure = { code: 'INFLUX_STATE_UNUSABLE', detail: expect.stringContaining('EISDIR') };
    expect(await store.open()).toMatchObject({ kind: 'retryable', failure });
    await store.close();
    await rmdir(path);
    await rename(`${path}.elsewhere`, path);
    store = make();
    expect(await store.open()).toEqual({ kind: 'ready', resumeAt: journal.length });
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
    store = make();
    expect(await store.open()).toEqual({ kind: 'ready', resumeAt: 0 });
    expect(cried).toEqual([
      { about: expect.objectContaining({ keptAs: `${path}.unusable-2` }), message: expect.any(String) },
    ]);
    expect(await readFile(`${path}.unusable-2`, 'utf8')).toBe(spoilt);
    expect(await readFile(`${path}.unusable-1`, 'utf8')).toBe('an older one');
    // The journal does not reach back to the first half of the first hour.
    expect(await store.write(journal.slice(1))).toEqual({ kind: 'stored' });
    await untilLeft(6 * halfHour);
    const whole = 2 * (hours - 1) * halfHour;
    expect([await rolled('fieldline_1h'), await rolled('fieldline_1m')]).toEqual([whole, whole]);
    expect(await counted()).toBe(total - halfHour);
    await store.close();
    store = make();
    expect(await store.open()).toEqual({ kind: 'ready', resumeAt: journal.length });
    expect(cried).toHaveLength(1);
  });
});
