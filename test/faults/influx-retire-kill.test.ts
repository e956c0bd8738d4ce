import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { InfluxStore } from '../../gateway/src/sinks/influxdb/influx-store.ts';
import { startUs } from '../contract/store-batches.ts';
import { InfluxFront, type FrontRequest } from '../services/influx-front.ts';
import { influxdProgram, startInfluxd, type Influxd } from '../services/influxd.ts';
import { anHour, hourUs, readingsOf } from './influx-retire-entries.ts';

const isLong = process.env['FIELDLINE_TEST_LONG'] === '1';
const stream = { device: 'greenhouse-1', sensor: 'air', quantity: 'temperature' };
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Between which two steps of a drop the power goes: at this request, before InfluxDB gets it or after it has done it. */
const steps: readonly [what: (request: FrontRequest) => boolean, when: 'before' | 'after'][] = [
  [isAsked('SELECT last('), 'after'],
  [isAsked('DROP SHARD'), 'before'],
  [isAsked('DROP SHARD'), 'after'],
  [isWrittenBack, 'before'],
  [isWrittenBack, 'after'],
  [isRollup, 'after'],
];
const rounds = isLong ? 8 : 1;

function isAsked(text: string): (request: FrontRequest) => boolean {
  return ({ query }) => query['q']?.includes(text) === true;
}

/** Gaps alone, and no readings, are written only behind a drop. */
function isWrittenBack({ path, query, text }: FrontRequest): boolean {
  return path === '/write' && query['rp'] === undefined && !text.includes('thermometer,');
}

function isRollup({ path, query }: FrontRequest): boolean {
  return path === '/write' && query['rp'] === 'fieldline_1h';
}

describe.skipIf(influxdProgram.missing)('a gateway that dies while it retires readings in InfluxDB', () => {
  test('accounts for each reading once, wherever the power goes', { timeout: 200_000 }, async () => {
    const { influxd, front, directory } = await startAll();
    let length = 6;
    for (let round = 0; round < rounds; round++) {
      for (const [is, when] of steps) {
        length += 1;
        expect(await live(front, directory, length, (request, at) => at === when && is(request))).toBe(
          'killed',
        );
      }
    }
    expect(await live(front, directory, length, () => false)).toBe('ended');
    await expectAll(influxd, front.url, directory, length);
  });

  test('goes on when InfluxDB dies between the steps of a drop', async () => {
    const { influxd, front, directory } = await startAll();
    const length = 8;
    for (const when of ['before', 'after'] as const) {
      let down: Promise<void> | undefined;
      front.cuts = (request, at) => {
        if (at !== when || !isAsked('DROP SHARD')(request)) return false;
        front.cuts = undefined;
        down = influxd.kill();
        return true;
      };
      // The child gives up where InfluxDB does not answer; the next one finds a drop that was begun.
      expect(await live(front, directory, length, undefined)).toBe('failed');
      await down;
      await influxd.restart();
    }
    expect(await live(front, directory, length, undefined)).toBe('ended');
    await expectAll(influxd, front.url, directory, length);
  });
});

async function startAll(): Promise<{ influxd: Influxd; front: InfluxFront; directory: string }> {
  const influxd = await startInfluxd();
  onTestFinished(() => influxd.remove());
  const front = new InfluxFront(influxd.url);
  await front.start();
  onTestFinished(() => front.stop());
  const directory = await mkdtemp(join(tmpdir(), 'fieldline-retire-kill-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return { influxd, front, directory };
}

/** One life of the child: killed at the first request that `isEnd` says, or come to its end. */
async function live(
  front: InfluxFront,
  directory: string,
  length: number,
  isEnd: ((request: FrontRequest, when: 'before' | 'after') => boolean) | undefined,
): Promise<'killed' | 'ended' | 'failed'> {
  const script = join(import.meta.dirname, 'influx-retirer.ts');
  const child: ChildProcess = spawn(process.execPath, [script, front.url, directory, String(length)], {
    stdio: ['ignore', 'ignore', isEnd ? 'inherit' : 'ignore'],
  });
  const exited = once(child, 'exit');
  if (isEnd)
    front.cuts = (request, when) => {
      const isNow = isEnd(request, when);
      if (isNow) child.kill('SIGKILL');
      return isNow;
    };
  const [code, signal] = await exited;
  front.cuts = undefined;
  if (signal === 'SIGKILL') return 'killed';
  return code === 0 ? 'ended' : 'failed';
}

/** Every reading is counted once and in the rollups once; the last three hours are points; no gap is lost. */
async function expectAll(influxd: Influxd, url: string, directory: string, length: number): Promise<void> {
  const influxql = async (q: string): Promise<number> => {
    const query = new URLSearchParams({ db: 'kills', q }).toString();
    const { results } = JSON.parse(await (await fetch(`${influxd.url}/query?${query}`)).text());
    return Number(results[0].series?.[0].values[0][1] ?? 0);
  };
  expect(await influxql('SELECT count(temperature) FROM thermometer')).toBe(3 * anHour);
  expect(await influxql('SELECT count("to") FROM fieldline_gap')).toBe(length);
  const store = new InfluxStore({ address: { url, database: 'kills' }, directory, logger: silent });
  expect(await store.open(length)).toEqual({ kind: 'ready', resumeAt: length });
  const counts = new Map<string, number>(await store.counts());
  expect(counts).toEqual(new Map([['greenhouse-1/air/temperature', readingsOf(length)]]));
  const range = { fromUs: startUs, toUs: startUs + length * hourUs };
  const answer = await store.query({
    ...range,
    streams: [stream],
    points: length,
    quantiles: false,
    exact: false,
  });
  await store.close();
  if (!answer.ok) throw new Error(answer.refusal.detail);
  const { columns, gaps } = answer.value;
  expect(columns.count.reduce((sum, count) => sum + count, 0)).toBe(readingsOf(length));
  expect(gaps).toHaveLength(length);
}
