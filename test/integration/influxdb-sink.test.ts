import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { InfluxStore, InfluxStoreOptions } from '../../gateway/src/sinks/influxdb/influx-store.ts';
import { readings, startUs, windows } from '../contract/store-batches.ts';
import { influxRig } from '../services/influx-rig.ts';
import { air, airOver } from '../services/influx-stores.ts';
import { influxdProgram } from '../services/influxd.ts';

interface Series {
  readonly tags: Record<string, string>;
  readonly columns: string[];
  readonly values: unknown[][];
}

describe.skipIf(influxdProgram.missing)('InfluxDB sink', () => {
  const rig = influxRig('sink');
  const { counted, entry, influxql, write } = rig;

  /** A store that nothing stands between and InfluxDB. */
  const open = (more: Partial<InfluxStoreOptions> = {}): Promise<InfluxStore> =>
    rig.open({ address: { url: rig.influxd.url, database: rig.database }, ...more });

  test('writes readings and windows by Telegraf’s conventions', async () => {
    await open({ tagsOf: () => ({ site: 'Berlin, Nord' }) });
    const second = entry(windows('soil', 'temperature', 10, [{ startS: 0, values: [1, 2, 6] }]));
    await write(entry(readings('air', 'temperature', [[1, 20]])), second);
    const series = await influxql<Series>('SELECT * FROM thermometer GROUP BY *');
    const rows = series.map(({ tags, columns, values }) => ({
      tags,
      row: Object.fromEntries(columns.map((name, at) => [name, values[0]?.[at]])),
    }));
    const common = { device: 'greenhouse-1', site: 'Berlin, Nord', extra: undefined, dup: undefined };
    expect(rows).toMatchObject([
      { tags: { sensor: 'air', window: '' }, row: { time: startUs + 1e6, temperature: 20 } },
      {
        tags: { sensor: 'soil', window: '10s' },
        row: {
          time: startUs, window_end: startUs + 10e6, temperature_count: 3, temperature_sum: 9, temperature_mean: 3,
          temperature_min: 1, temperature_max: 6, temperature_first: 1, temperature_last: 6, temperature_m2: 14,
        },
      },
    ]); // prettier-ignore
    for (const { tags } of rows) expect({ ...common, ...tags }).toMatchObject(common);
    expect(typeof rows[1]?.row['temperature_sketch']).toBe('string');
  });

  test('refuses the one reading whose field has another type, and stores the others', async () => {
    const store = await open();
    await rig.post(`thermometer,device=x,sensor=y humidity="text" ${startUs}`);
    const bad = entry(
      readings('air', 'humidity', [[1, 50]], { unit: '%RH' }),
      readings('air', 'temperature', [[1, 20]]),
    );
    const good = [...Array(100).keys()].map((second) =>
      entry(readings('air', 'temperature', [[second + 2, second]])),
    );
    const outcome = await store.write([bad, ...good]);
    expect(outcome).toMatchObject({
      kind: 'refused',
      parts: [
        { offset: 0, device: 'greenhouse-1', code: 'INFLUX_REJECTED_POINT', counts: { 'air/humidity': 1 } },
      ],
    });
    if (outcome.kind === 'refused') expect(outcome.parts[0]?.detail).toContain('field type conflict');
    expect(await counted()).toBe(101);
  });

  test('leaves out a device’s tag that would be misread, or that takes the name of one of ours', async () => {
    const tags = { site: 'ends with \\', extra: 'true', window: '1s', floor: 'line\nbreak', hall: '7' };
    await open({ tagsOf: () => tags });
    await write(entry(readings('air', 'temperature', [[1, 20]])));
    const [series] = await influxql<Series>('SELECT * FROM thermometer GROUP BY *');
    expect(series?.tags).toEqual({ device: 'greenhouse-1', sensor: 'air', hall: '7' });
    expect(await rig.store.counts()).toEqual(new Map([[air, 1]]));
  });

  test('asks for the journal again when the database has gone', async () => {
    const store = await open();
    const first = entry(readings('air', 'temperature', [[1, 20]]));
    await store.write([first]);
    // The answer comes before the database has gone; its end comes after.
    expect(await influxql(`DROP DATABASE ${rig.database}`)).toEqual([]);
    const second = entry(readings('air', 'temperature', [[2, 21]]));
    expect(await store.write([second])).toEqual({ kind: 'rewind', offset: 0 });
    await write(first, second);
    expect(await store.counts()).toEqual(new Map([[air, 2]]));
  });

  test('starts from the journal’s beginning where the database is new', async () => {
    const store = await open();
    await store.write([entry(readings('air', 'temperature', [[1, 20]]))]);
    await store.close();
    const other = rig.make({ address: { url: rig.influxd.url, database: `${rig.database}_other` } });
    expect(await other.open()).toEqual({ kind: 'ready', resumeAt: 0 });
  });

  test('says what to do where nothing, or something else, answers', async () => {
    const other = createServer((_request, response) => response.end('hello'));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const url = `http://user:secret@127.0.0.1:${port}`;
    const elsewhere = rig.make({ address: { url, database: rig.database } });
    const opening = await elsewhere.open();
    expect(opening).toMatchObject({ kind: 'retryable', failure: { code: 'INFLUX_NOT_INFLUX', subject: `http://127.0.0.1:${port}/` } }); // prettier-ignore
    other.close();
    other.closeAllConnections();
    await once(other, 'close');
    expect(await elsewhere.open()).toMatchObject({
      kind: 'retryable',
      failure: { code: 'INFLUX_UNREACHABLE' },
    });
    expect(await elsewhere.write([entry(readings('air', 'temperature', [[1, 1]]))])).toMatchObject({
      kind: 'retryable',
      failure: { code: 'INFLUX_UNREACHABLE', detail: expect.stringContaining('ECONNREFUSED') },
    });
  });

  test('tries again after InfluxDB was away, and nothing is stored twice', async () => {
    const store = await open();
    const written = [entry(readings('air', 'temperature', [[1, 20], [1, 21]]))]; // prettier-ignore
    await store.write(written);
    await rig.influxd.stop();
    const more = [entry(readings('air', 'temperature', [[1, 22]]))];
    expect(await store.write(more)).toMatchObject({ kind: 'retryable' });
    expect(await store.query({ streams: [{ device: 'greenhouse-1', sensor: 'air', quantity: 'temperature' }], fromUs: startUs, toUs: startUs + 1, points: 1, quantiles: true, exact: false })).toMatchObject({ ok: false, refusal: { code: 'QUERY_STORE_UNAVAILABLE' } }); // prettier-ignore
    await rig.influxd.restart();
    await write(...more);
    expect(await store.counts()).toEqual(new Map([[air, 3]]));
  });

  test('writes more than one request holds', async () => {
    await open();
    const written = [25_678, 12_000, 12_000, 7].map((count, at) =>
      entry(airOver(100 * at, count / 1000, count)),
    );
    await write(...written);
    expect(await counted()).toBe(49_685);
  });
});
