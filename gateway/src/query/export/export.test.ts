import { parquetReadObjects } from 'hyparquet';
import { streamName, type StreamInfo } from '@fieldline/protocol';
import { expect, test } from 'vitest';
import type { PageAnswer } from '../store.ts';
import type { ExportFormat } from './export-format.ts';
import { exportPages, rowsOf, type ExportPage } from './export-pages.ts';
import { parquetFormat } from './parquet-format.ts';
import { csvFormat, lineFormat, ndjsonFormat } from './text-formats.ts';

const stream: StreamInfo = {
  stream: streamName('d', 'air', 'temperature'),
  device: 'd',
  sensor: 'air',
  type: 'thermometer',
  quantity: 'temperature',
  unit: 'Cel',
  kind: 'readings',
  window: '10s',
  lastT: null,
  lastValue: null,
};
const startUs = 1_767_225_600_000_000;
const none = new Float64Array(0);
const noWindows = { start: none, end: none, count: none, sum: none, min: none, max: none, m2: none };

function page(values: readonly number[], about: Partial<PageAnswer> = {}): ExportPage {
  const t = Float64Array.from(values, (_, index) => startUs + (index >> 1) * 1_000_001);
  const q = Uint8Array.from(values, (_, index) => (index === 1 ? 2 : 0));
  const readings = { t, v: Float64Array.from(values), q };
  return { stream, unit: 'Cel', readings, windows: noWindows, nextUs: null, ...about };
}

const one = Float64Array.of(4);
const windowPage = page([], {
  windows: {
    start: Float64Array.of(startUs),
    end: Float64Array.of(startUs + 1e7),
    count: one,
    sum: Float64Array.of(10),
    min: Float64Array.of(1),
    max: one,
    m2: Float64Array.of(5),
  },
});

function written(format: ExportFormat, pages: readonly ExportPage[]): Buffer {
  const parts = [format.begin(), ...pages.map((each) => format.page(each)), format.end()];
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

test('csv has a head, times with microseconds, and an empty place for what a row has not', () => {
  expect(written(csvFormat(), [page([20.5, -1, 3]), windowPage]).toString()).toBe(
    [
      'time,device,sensor,quantity,unit,value,quality,window_end,count,min,max,stddev',
      '2026-01-01T00:00:00.000000Z,d,air,temperature,Cel,20.5,0,,,,,',
      '2026-01-01T00:00:00.000000Z,d,air,temperature,Cel,-1,2,,,,,',
      '2026-01-01T00:00:01.000001Z,d,air,temperature,Cel,3,0,,,,,',
      `2026-01-01T00:00:00.000000Z,d,air,temperature,Cel,2.5,,2026-01-01T00:00:10.000000Z,4,1,4,${Math.sqrt(5 / 3)}`,
      '',
    ].join('\r\n'),
  );
});

test('csv gives a spreadsheet nothing to reckon: what begins as a formula is marked as text', () => {
  for (const first of ['=', '+', '-', '@']) {
    const spoilt = { ...page([1]), unit: `${first}cmd,"x"` };
    expect(written(csvFormat(), [spoilt]).toString()).toContain(`,"'${first}cmd,""x""",1,0`);
  }
});

test('ndjson holds one document a line', () => {
  const lines = written(ndjsonFormat(), [page([20.5, -1]), windowPage])
    .toString()
    .trimEnd()
    .split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { stream: 'd/air/temperature', unit: 'Cel', t: startUs, value: 20.5, quality: 0 },
    { stream: 'd/air/temperature', unit: 'Cel', t: startUs, value: -1, quality: 2 },
    { stream: 'd/air/temperature', unit: 'Cel', t: startUs, end: startUs + 1e7, count: 4, mean: 2.5, min: 1, max: 4, stddev: Math.sqrt(5 / 3) },
  ]); // prettier-ignore
});

test('line protocol keeps readings of one time apart, and carries the tags of the device', () => {
  const format = lineFormat(() => ({ site: 'north field' }), (detail) => new Error(detail)); // prettier-ignore
  expect(
    written(format, [page([20.5, -1, 3]), windowPage])
      .toString()
      .split('\n'),
  ).toEqual([
    `thermometer,site=north\\ field,device=d,sensor=air temperature=20.5 ${startUs}`,
    `thermometer,site=north\\ field,device=d,sensor=air,dup=2 temperature=-1,temperature_quality=2 ${startUs}`,
    `thermometer,site=north\\ field,device=d,sensor=air temperature=3 ${startUs + 1_000_001}`,
    `thermometer,site=north\\ field,device=d,sensor=air,window=10s temperature_count=4,temperature_mean=2.5,temperature_sum=10,temperature_min=1,temperature_max=4,window_end=${startUs + 1e7} ${startUs}`,
    '',
  ]);
});

test('line protocol refuses names that it cannot carry', () => {
  const format = lineFormat(() => ({ site: 'two\nlines' }), (detail) => new Error(detail)); // prettier-ignore
  expect(() => written(format, [page([1])])).toThrow('line break');
});

test('parquet comes back as it was, row group by row group', async () => {
  const bytes = written(parquetFormat(), [page([20.5, -1]), windowPage, page([])]);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const rows = await parquetReadObjects({ file: file as ArrayBuffer });
  expect(rows).toMatchObject([
    {
      device: 'd',
      sensor: 'air',
      quantity: 'temperature',
      unit: 'Cel',
      value: 20.5,
      quality: 0,
      count: null,
    },
    { value: -1, quality: 2, window_end: null },
    { value: 2.5, quality: null, count: 4n, min: 1, max: 4, stddev: Math.sqrt(5 / 3) },
  ]);
  expect(rows.map(({ time }) => (time as Date).getTime())).toEqual(Array(3).fill(startUs / 1000));
});

test('an export reads page after page, stream after stream, and passes over what is not stored yet', async () => {
  const asked: string[] = [];
  const store = {
    page: async ({ stream: { sensor }, fromUs }: { stream: { sensor: string }; fromUs: number }) => {
      asked.push(`${sensor} ${fromUs}`);
      if (sensor === 'new')
        return { ok: false, refusal: { code: 'QUERY_UNKNOWN_STREAM', detail: '' } } as const;
      return { ok: true, value: { ...page([1, 2]), nextUs: fromUs < 2 ? fromUs + 1 : null } } as const;
    },
  };
  const streams = [{ ...stream, sensor: 'new' }, stream];
  let rows = 0;
  for await (const each of exportPages(store, { streams, fromUs: 0, toUs: 9 })) rows += rowsOf(each);
  expect(asked).toEqual(['new 0', 'air 0', 'air 1', 'air 2']);
  expect(rows).toBe(6);
});
