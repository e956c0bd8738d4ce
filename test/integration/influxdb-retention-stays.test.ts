import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { InfluxHttp } from '../../gateway/src/sinks/influxdb/influx-http.ts';
import { InfluxQueries } from '../../gateway/src/sinks/influxdb/influx-queries.ts';
import { InfluxRetention } from '../../gateway/src/sinks/influxdb/retention/influx-retention.ts';
import { stayingPoints } from '../../gateway/src/sinks/influxdb/retention/staying-points.ts';
import { RolledHours } from '../../gateway/src/sinks/influxdb/rollups/rolled-hours.ts';
import { gap, readings, startUs, windows } from '../contract/store-batches.ts';
import { influxRig, keepUs } from '../services/influx-rig.ts';
import { air, airOver, hours, hourS, hourUs } from '../services/influx-stores.ts';
import { influxdProgram } from '../services/influxd.ts';

const soil = 'greenhouse-1/soil/temperature';
/** Readings an hour of the sensor `air`. */
const anHour = 360;
/** Less than a thousand gaps take. */
const maxBodyBytes = 16_384;

describe.skipIf(influxdProgram.missing)('what stays in InfluxDB when readings go', () => {
  const rig = influxRig('stays', { maxBodyBytes });
  const { counted, entry, influxql, number, points, post, untilLeft, untilRolled, write } = rig;

  beforeEach(() => rig.open({ keepUs }));

  const count = (what: string, of: string): Promise<number> => number(`SELECT count(${what}) FROM ${of}`);

  /** Some hours of readings, rolled up but for the newest. */
  async function someHours(): Promise<void> {
    for (let hour = 0; hour < hours; hour++) await write(entry(airOver(hour * hourS, hourS, anHour)));
    await untilRolled(hours - 1);
  }

  /** Retires until readings older than two hours are gone. */
  const untilRetired = () => untilLeft(3 * anHour);

  const failures = (): unknown =>
    rig.store.counters().find(({ name }) => name === 'fieldline_influxdb_stay_refusals_total')?.samples[0]
      ?.value;

  /** A window of two hours, which no rollup can hold. */
  const longWindow = () => windows('soil', 'temperature', 2 * hourS, [{ startS: 0, values: [1, 2, 3] }]);

  test('stays where it is more than InfluxDB takes at once', async () => {
    const reason = 'a cable, "pulled"\nfieldline_gap,sensor=air to=1,reason="no line" 1\\';
    const gaps = Array.from({ length: 1000 }, (_, at) => gap('air', at, at + 1, reason));
    await write(entry(...gaps, longWindow()));
    await someHours();
    await untilRetired();
    expect(await count('"to"', `fieldline_gap WHERE "reason" = '${reason.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}'`)).toBe(1000); // prettier-ignore
    expect([await counted(soil), await counted(air)]).toEqual([3, hours * anHour]);
    expect(rig.told).toEqual([]);
  });

  const partsOf = () => {
    const address = { url: rig.front.url, database: rig.database };
    return { queries: new InfluxQueries(address), http: new InfluxHttp(address), database: address.database };
  };
  const span = { fromUs: startUs, toUs: startUs + 2 * hourUs };

  test('is read in parts, a time that many points share whole', async () => {
    const rows = [0, 0, 0, 1, 1, 2, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9, 9, 9];
    const sensors = rows.map((at, index) => gap(`s${index}`, at, at + 1, `line "${index}"`));
    const days = windows('soil', 'temperature', 7, [{ startS: 5, values: [1, 2] }]);
    await write(entry(...sensors, days));
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
    await write(entry(...Array.from({ length: 500 }, (_, at) => gap('air', at, at + 1, 'cable'))));
    const { http, ...others } = partsOf();
    onTestFinished(() => http.close());
    const staying = { charsMax: 2000, pointsPerAnswer: 11 };
    const retention = new InfluxRetention({ http, ...others, keepUs, staying });
    rig.front.requests.length = 0;
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
    const asked = rig.front.requests.filter(({ query }) => query['q']?.includes('"reason"'));
    expect(asked.length).toBeLessThan(5);
    expect(asked.every(({ query }) => query['q']?.endsWith('LIMIT 11'))).toBe(true);
  });

  test('a line that InfluxDB refuses keeps its shard, which is said once', async () => {
    await write(entry(gap('air', 10, 20, 'cable'), longWindow()));
    await someHours();
    const refuse = () => rig.front.answers.push(...Array.from({ length: 20 }, () => ({ status: 413 })));
    refuse();
    await rig.store.retire();
    refuse();
    await rig.store.retire();
    rig.front.answers.length = 0;
    expect([await points(), await count('"to"', 'fieldline_gap')]).toEqual([hours * anHour, 1]);
    expect(rig.told).toEqual([expect.stringContaining('InfluxDB refuses again')]);
    expect(failures()).toBe(2);
    await untilRetired();
    expect([await counted(soil), await count('"to"', 'fieldline_gap')]).toEqual([3, 1]);
  });

  test('a line that InfluxDB refuses behind the drop holds the step until it takes it', async () => {
    await write(entry(gap('air', 10, 20, 'cable'), longWindow()));
    await someHours();
    rig.front.cuts = ({ query }, when) => {
      const isDropped = when === 'after' && query['q']?.startsWith('DROP SHARD') === true;
      if (isDropped) rig.front.answers.push(...Array.from({ length: 20 }, () => ({ status: 413 })));
      return false;
    };
    await expect(rig.store.retire()).rejects.toThrow(/fieldline_gap/);
    const next = entry(readings('air', 'temperature', [[1, 1]]));
    const outcome = await rig.store.write([next]);
    expect(outcome).toMatchObject({ kind: 'retryable', failure: { code: 'INFLUX_REJECTED_POINT' } });
    expect([await counted(soil), await counted(air)]).toEqual([3, hours * anHour]);
    expect(failures()).toBe(2);
    // A restart finds the step where it was.
    await rig.store.close();
    rig.front.cuts = undefined;
    rig.front.answers.length = 0;
    await rig.open({ keepUs });
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
    await write(entry(readings('air', 'raw', [[1, 1]], { extra: true })));
    await someHours();
    await post(`${line} ${startUs + 1}`);
    await rig.store.retire();
    await rig.store.retire();
    expect(await points()).toBe(hours * anHour);
    expect(rig.told).toEqual([expect.stringContaining(name)]);
    await influxql(`DELETE FROM thermometer WHERE time = ${startUs + 1}u`);
    await untilRetired();
    expect(await counted(air)).toBe(hours * anHour);
  });
});
