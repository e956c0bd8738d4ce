import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { InfluxStore } from '../../gateway/src/sinks/influxdb/influx-store.ts';
import { Entries, readings, startUs, windows } from '../contract/store-batches.ts';
import { influxdProgram, startInfluxd, type Influxd } from '../services/influxd.ts';

interface Series {
  readonly tags: Record<string, string>;
  readonly columns: string[];
  readonly values: unknown[][];
}

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe.skipIf(influxdProgram.missing)('InfluxDB sink', () => {
  let influxd: Influxd;
  let directory: string;
  let database: string;
  let entries: Entries;
  let runs = 0;
  const stores: InfluxStore[] = [];

  beforeAll(async () => {
    influxd = await startInfluxd();
  });
  afterAll(() => influxd.remove());
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fieldline-influx-'));
    database = `sink_${++runs}`;
    entries = new Entries('greenhouse-1');
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    await rm(directory, { recursive: true });
  });

  const make = (url = influxd.url, tagsOf?: () => Record<string, string>): InfluxStore => {
    const store = new InfluxStore({
      address: { url, database },
      directory,
      logger: quiet,
      ...(tagsOf && { tagsOf }),
    });
    stores.push(store);
    return store;
  };
  /** Asks as any InfluxQL client would, without our code. */
  const influxql = async (q: string): Promise<ReturnType<typeof JSON.parse>> => {
    const url = `${influxd.url}/query?${new URLSearchParams({ db: database, epoch: 'u', q }).toString()}`;
    const { results } = JSON.parse(await (await fetch(url, { method: 'POST' })).text());
    return results[0].series ?? [];
  };
  const post = (line: string): Promise<Response> =>
    fetch(`${influxd.url}/write?db=${database}&precision=u`, { method: 'POST', body: line });

  test('writes readings and windows by Telegraf’s conventions', async () => {
    const store = make(influxd.url, () => ({ site: 'Berlin, Nord' }));
    await store.open();
    const second = entries.next(windows('soil', 'temperature', 10, [{ startS: 0, values: [1, 2, 6] }]));
    expect(await store.write([entries.next(readings('air', 'temperature', [[1, 20]])), second])).toEqual({
      kind: 'stored',
    });
    const series = await influxql('SELECT * FROM thermometer GROUP BY *');
    const rows = series.map(({ tags, columns, values }: Series) => ({
      tags,
      row: Object.fromEntries(columns.map((name: string, at: number) => [name, values[0]?.[at]])),
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
    const store = make();
    await store.open();
    expect((await post(`thermometer,device=x,sensor=y humidity="text" ${startUs}`)).status).toBe(204);
    const bad = entries.next(
      readings('air', 'humidity', [[1, 50]], { unit: '%RH' }),
      readings('air', 'temperature', [[1, 20]]),
    );
    const good = [...Array(100).keys()].map((second) =>
      entries.next(readings('air', 'temperature', [[second + 2, second]])),
    );
    const outcome = await store.write([bad, ...good]);
    expect(outcome).toMatchObject({
      kind: 'refused',
      parts: [
        { offset: 0, device: 'greenhouse-1', code: 'INFLUX_REJECTED_POINT', counts: { 'air/humidity': 1 } },
      ],
    });
    if (outcome.kind === 'refused') expect(outcome.parts[0]?.detail).toContain('field type conflict');
    const counts = await store.counts();
    expect(counts.get('greenhouse-1/air/temperature')).toBe(101);
  });

  test('leaves out a device’s tag that would be misread, or that takes the name of one of ours', async () => {
    const store = make(influxd.url, () => ({
      site: 'ends with \\',
      extra: 'true',
      window: '1s',
      floor: 'line\nbreak',
      hall: '7',
    }));
    await store.open();
    expect(await store.write([entries.next(readings('air', 'temperature', [[1, 20]]))])).toEqual({
      kind: 'stored',
    });
    const [series] = await influxql('SELECT * FROM thermometer GROUP BY *');
    expect(series.tags).toEqual({ device: 'greenhouse-1', sensor: 'air', hall: '7' });
    expect(await store.counts()).toEqual(new Map([['greenhouse-1/air/temperature', 1]]));
  });

  test('asks for the journal again when the database has gone', async () => {
    const store = make();
    await store.open();
    const first = entries.next(readings('air', 'temperature', [[1, 20]]));
    await store.write([first]);
    // The answer comes before the database has gone; its end comes after.
    expect(await influxql(`DROP DATABASE ${database}`)).toEqual([]);
    const second = entries.next(readings('air', 'temperature', [[2, 21]]));
    expect(await store.write([second])).toEqual({ kind: 'rewind', offset: 0 });
    expect(await store.write([first, second])).toEqual({ kind: 'stored' });
    expect(await store.counts()).toEqual(new Map([['greenhouse-1/air/temperature', 2]]));
  });

  test('starts from the journal’s beginning where the database is new', async () => {
    const store = make();
    await store.open();
    await store.write([entries.next(readings('air', 'temperature', [[1, 20]]))]);
    await store.close();
    database += '_other';
    expect(await make().open()).toEqual({ kind: 'ready', resumeAt: 0 });
  });

  test('says what to do where nothing, or something else, answers', async () => {
    const other = createServer((_request, response) => response.end('hello'));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const elsewhere = make(`http://user:secret@127.0.0.1:${port}`);
    const opening = await elsewhere.open();
    expect(opening).toMatchObject({ kind: 'retryable', failure: { code: 'INFLUX_NOT_INFLUX', subject: `http://127.0.0.1:${port}/` } }); // prettier-ignore
    other.close();
    other.closeAllConnections();
    await once(other, 'close');
    expect(await elsewhere.open()).toMatchObject({
      kind: 'retryable',
      failure: { code: 'INFLUX_UNREACHABLE' },
    });
    expect(await elsewhere.write([entries.next(readings('air', 'temperature', [[1, 1]]))])).toMatchObject({
      kind: 'retryable',
      failure: { code: 'INFLUX_UNREACHABLE', detail: expect.stringContaining('ECONNREFUSED') },
    });
  });

  test('tries again after InfluxDB was away, and nothing is stored twice', async () => {
    const store = make();
    await store.open();
    const written = [entries.next(readings('air', 'temperature', [[1, 20], [1, 21]]))]; // prettier-ignore
    await store.write(written);
    await influxd.stop();
    const more = [entries.next(readings('air', 'temperature', [[1, 22]]))];
    expect(await store.write(more)).toMatchObject({ kind: 'retryable' });
    expect(await store.query({ streams: [{ device: 'greenhouse-1', sensor: 'air', quantity: 'temperature' }], fromUs: startUs, toUs: startUs + 1, points: 1, quantiles: true, exact: false })).toMatchObject({ ok: false, refusal: { code: 'QUERY_STORE_UNAVAILABLE' } }); // prettier-ignore
    await influxd.restart();
    expect(await store.write(more)).toEqual({ kind: 'stored' });
    expect(await store.counts()).toEqual(new Map([['greenhouse-1/air/temperature', 3]]));
  });

  test('writes more than one request holds', async () => {
    const store = make();
    await store.open();
    const rows = (count: number, fromS: number) =>
      Array.from({ length: count }, (_, index) => [fromS + index * 0.001, index] as const);
    const written = [25_678, 12_000, 12_000, 7].map((count, at) =>
      entries.next(readings('air', 'temperature', rows(count, 100 * at))),
    );
    expect(await store.write(written)).toEqual({ kind: 'stored' });
    expect((await store.counts()).get('greenhouse-1/air/temperature')).toBe(49_685);
  });
});
