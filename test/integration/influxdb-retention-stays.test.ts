import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { InfluxStore } from '../../gateway/src/sinks/influxdb/influx-store.ts';
import { InfluxHttp } from '../../gateway/src/sinks/influxdb/influx-http.ts';
import { InfluxQueries } from '../../gateway/src/sinks/influxdb/influx-queries.ts';
import { InfluxRetention } from '../../gateway/src/sinks/influxdb/retention/influx-retention.ts';
import { stayingPoints } from '../../gateway/src/sinks/influxdb/retention/staying-points.ts';
import { RolledHours } from '../../gateway/src/sinks/influxdb/rollups/rolled-hours.ts';
import type { JournaledBatch } from '../../gateway/src/sinks/sink.ts';
import { Entries, gap, readings, secondUs, startUs, windows } from '../contract/store-batches.ts';
import { InfluxFront } from '../services/influx-front.ts';
import { InfluxSurroundings } from '../services/influx-surroundings.ts';
import { influxdProgram, startInfluxd, type Influxd } from '../services/influxd.ts';
import { eventually } from '../services/wait.ts';

const hourS = 3600;
const hourUs = hourS * secondUs;
const air = 'greenhouse-1/air/temperature';
const soil = 'greenhouse-1/soil/temperature';
/** Readings an hour of the sensor `air`. */
const anHour = 360;
const hours = 6;
/** Readings are kept for two hours, rollups for ever. */
const keepUs = { readings: 2 * hourUs, '1m': Infinity, '1h': Infinity };
/** Less than a thousand gaps take. */
const maxBodyBytes = 16_384;

describe.skipIf(influxdProgram.missing)('what stays in InfluxDB when readings go', () => {
  let influxd: Influxd;
  let around: InfluxSurroundings;
  let entries: Entries;
  let store: InfluxStore;
  let front: InfluxFront;
  let runs = 0;

  beforeAll(async () => {
    influxd = await startInfluxd({ maxBodyBytes });
  });
  afterAll(() => influxd.remove());
  beforeEach(async () => {
    around = await InfluxSurroundings.make(`stays_${++runs}`, influxd.url);
    onTestFinished(() => around.remove());
    entries = new Entries('greenhouse-1');
    front = new InfluxFront(influxd.url);
    await front.start();
    store = await open();
  });
  afterEach(async () => {
    await store.close();
    await front.stop();
  });

  async function open(): Promise<InfluxStore> {
    const address = { url: front.url, database: around.database };
    const nowUs = (): number => startUs + hours * hourUs;
    const opened = new InfluxStore({ ...around.options(), address, nowUs, keepUs });
    expect(await opened.open(0)).toMatchObject({ kind: 'ready' });
    return opened;
  }

  const count = async (what: string, of: string): Promise<number> =>
    around.number(`SELECT count(${what}) FROM ${of}`);

  const points = (): Promise<number> =>
    count('temperature', `thermometer WHERE sensor = 'air' AND "window" = ''`);

  const counted = async (stream: string): Promise<number | undefined> =>
    new Map<string, number>(await store.counts()).get(stream);

  async function write(...written: JournaledBatch[]): Promise<void> {
    expect(await store.write(written)).toEqual({ kind: 'stored' });
  }

  /** Some hours of readings, rolled up but for the newest. */
  async function someHours(): Promise<void> {
    for (let hour = 0; hour < hours; hour++) {
      const rows = Array.from({ length: anHour }, (_, at) => [hour * hourS + at * 10, at] as const);
      await write(entries.next(readings('air', 'temperature', rows)));
    }
    await eventually('hours that are rolled up', async () => {
      around.tick();
      const rolled = await count('temperature_count', `fieldline_1h.thermometer WHERE sensor = 'air'`);
      return rolled >= hours - 1 ? true : undefined;
    });
  }

  /** Retires until readings older than two hours are gone. */
  async function untilRetired(): Promise<void> {
    await eventually('readings that are gone', async () => {
      around.tick();
      await store.retire();
      return (await points()) === 3 * anHour ? true : undefined;
    });
  }

  const failures = (): unknown =>
    store.counters().find(({ name }) => name === 'fieldline_influxdb_stay_refusals_total')?.samples[0]?.value;

  /** A window of two hours, which no rollup can hold. */
  const longWindow = () => windows('soil', 'temperature', 2 * hourS, [{ startS: 0, values: [1, 2, 3] }]);

  test('stays where it is more than InfluxDB takes at once', async () => {
    const reason = 'a cable, "pulled"\nfieldline_gap,sensor=air to=1,reason="no line" 1\\';
    const gaps = Array.from({ length: 1000 }, (_, at) => gap('air', at, at + 1, reason));
    await write(entries.next(...gaps, longWindow()));
    await someHours();
    await untilRetired();
    expect(await count('"to"', `fieldline_gap WHERE "reason" = '${reason.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}'`)).toBe(1000); // prettier-ignore
    expect([await counted(soil), await counted(air)]).toEqual([3, hours * anHour]);
    expect(around.told).toEqual([]);
  });

  const partsOf = () => {
    const address = { url: front.url, database: `stays_${runs}` };
    return { queries: new InfluxQueries(address), http: new InfluxHttp(address), database: address.database };
  };
  const span = { fromUs: startUs, toUs: startUs + 2 * hourUs };

  test('is read in parts, a time that many points share whole', async () => {
    const rows = [0, 0, 0, 1, 1, 2, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9, 9, 9];
    const sensors = rows.map((at, index) => gap(`s${index}`, at, at + 1, `line "${index}"`));
    const days = windows('soil', 'temperature', 7, [{ startS: 5, values: [1, 2] }]);
    await write(entries.next(...sensors, days));
    const { queries, http } = partsOf();
    onTestFinished(() => http.close());
    const types = new Set(['thermometer']);
    const known = [{ device: 'greenhouse-1', sensor: 'soil', quantity: 'temperature', unit: 'Cel', type: 'thermometer', window: '7s', types }]; // prettier-ignore
    const all = await stayingPoints(queries, known, span);
    expect(all.kind === 'read' && all.lines.split('\n')).toHaveLength(rows.length + 3);
    expect(all.kind === 'read' && [...all.counts]).toEqual([[soil, 2]]);
    for (const pointsPerAnswer of [5, 6, 18, 19]) {
      const inParts = await stayingPoints(queries, known, span, { charsMax: 1e6, pointsPerAnswer });
      const sorted = (of: typeof all) => of.kind === 'read' && of.lines.split('\n').sort();
      expect(sorted(inParts)).toEqual(sorted(all));
    }
    const tooFew = await stayingPoints(queries, known, span, { charsMax: 1e6, pointsPerAnswer: 4 });
    expect(tooFew).toEqual({
      kind: 'held',
      reason: expect.stringContaining('4 or more points stand at one time'),
    });
  });

  test('keeps its shard where it is more than may be kept, and is read no further', async () => {
    await write(entries.next(...Array.from({ length: 500 }, (_, at) => gap('air', at, at + 1, 'cable'))));
    const { http, ...others } = partsOf();
    onTestFinished(() => http.close());
    const staying = { charsMax: 2000, pointsPerAnswer: 11 };
    const retention = new InfluxRetention({ http, ...others, keepUs, staying });
    front.requests.length = 0;
    const prepared = await retention.prepare(span, {
      entries: [],
      rolled: new RolledHours(),
      nowUs: startUs,
    });
    expect(prepared).toEqual({
      kind: 'held',
      cause: 'stays-too-much',
      reason: expect.stringMatching(
        /from 2026-01-01T00:.* to 2026-01-01T02:.* more than 2000 characters.*SHARD DURATION/,
      ),
    });
    const asked = front.requests.filter(({ query }) => query['q']?.includes('"reason"'));
    expect(asked.length).toBeLessThan(5);
    expect(asked.every(({ query }) => query['q']?.endsWith('LIMIT 11'))).toBe(true);
  });

  test('a line that InfluxDB refuses keeps its shard, which is said once', async () => {
    await write(entries.next(gap('air', 10, 20, 'cable'), longWindow()));
    await someHours();
    const refuse = () => front.answers.push(...Array.from({ length: 20 }, () => ({ status: 413 })));
    refuse();
    await store.retire();
    refuse();
    await store.retire();
    front.answers.length = 0;
    expect([await points(), await count('"to"', 'fieldline_gap')]).toEqual([hours * anHour, 1]);
    expect(around.told).toEqual([expect.stringContaining('InfluxDB refuses again')]);
    expect(failures()).toBe(2);
    await untilRetired();
    expect([await counted(soil), await count('"to"', 'fieldline_gap')]).toEqual([3, 1]);
  });

  test('a line that InfluxDB refuses behind the drop holds the step until it takes it', async () => {
    await write(entries.next(gap('air', 10, 20, 'cable'), longWindow()));
    await someHours();
    front.cuts = ({ query }, when) => {
      const isDropped = when === 'after' && query['q']?.startsWith('DROP SHARD') === true;
      if (isDropped) front.answers.push(...Array.from({ length: 20 }, () => ({ status: 413 })));
      return false;
    };
    await expect(store.retire()).rejects.toThrow(/fieldline_gap/);
    const next = entries.next(readings('air', 'temperature', [[1, 1]]));
    const outcome = await store.write([next]);
    expect(outcome).toMatchObject({ kind: 'retryable', failure: { code: 'INFLUX_REJECTED_POINT' } });
    expect([await counted(soil), await counted(air)]).toEqual([3, hours * anHour]);
    expect(failures()).toBe(2);
    // A restart finds the step where it was.
    await store.close();
    front.cuts = undefined;
    front.answers.length = 0;
    store = await open();
    expect(await count('"to"', 'fieldline_gap')).toBe(1);
    await write(next);
    await untilRetired();
    expect([await counted(soil), await counted(air)]).toEqual([3, hours * anHour + 1]);
  });

  test.each([
    [
      'a field of another',
      'thermometer,device=greenhouse-1,sensor=air load=1',
      'the field “load” of “thermometer”',
    ],
    [
      'a device of another',
      'thermometer,device=other,sensor=own temperature_quality=1',
      '“other/own” in “thermometer”',
    ],
    ['a point without a device', 'thermometer,host=telegraf temperature_quality=1', '“/” in “thermometer”'],
  ])('%s in a measurement of ours keeps its shard, which is said', async (_what, line, name) => {
    await write(entries.next(readings('air', 'raw', [[1, 1]], { extra: true })));
    await someHours();
    const url = `${influxd.url}/write?db=${around.database}&precision=u`;
    expect((await fetch(url, { method: 'POST', body: `${line} ${startUs + 1}` })).status).toBe(204);
    await store.retire();
    await store.retire();
    expect(await points()).toBe(hours * anHour);
    expect(around.told).toEqual([expect.stringContaining(name)]);
    await around.influxql(`DELETE FROM thermometer WHERE time = ${startUs + 1}u`);
    await untilRetired();
    expect(await counted(air)).toBe(hours * anHour);
  });
});
