import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { fetchLedger, startDemo, type RunningDemo } from '../services/demo.ts';
import { influxdProgram, startInfluxd } from '../services/influxd.ts';
import { countRecorded, totalOf } from '../services/records.ts';
import { runFieldline } from '../services/run-fieldline.ts';
import { countEmbedded, countInflux } from '../services/stored-counts.ts';
import { eventually } from '../services/wait.ts';

const isLong = process.env['FIELDLINE_TEST_LONG'] === '1';
const kills = isLong ? 20 : 3;
/** Time for a restart and for some readings between two kills, in seconds. */
const secondsAKill = 8;
const durationSec = 15 + kills * secondsAKill;
const timeoutMs = (durationSec + 150) * 1000;

const homes: string[] = [];
afterEach(() => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true });
});

describe('a gateway that is killed while readings come in', () => {
  test(
    'loses none, doubles none and accounts for all, in the embedded store',
    { timeout: timeoutMs },
    async () => {
      const demo = await startKillDemo({});
      await killGateway(demo, kills);
      await expectAccountBeforeTheEnd(demo);
      const recorded = await expectSummaryEqualsRecord(demo);
      expect(countEmbedded(demo.ready.home)).toEqual(recorded);
    },
  );

  describe.skipIf(influxdProgram.missing)('with InfluxDB', () => {
    test(
      'holds the same points as the embedded store, stream by stream',
      { timeout: timeoutMs },
      async () => {
        const influxd = await startInfluxd();
        onTestFinished(() => influxd.remove());
        const demo = await startKillDemo({
          FIELDLINE_INFLUX_URL: influxd.url,
          FIELDLINE_STORES: 'influxdb,embedded',
        });
        await killGateway(demo, kills);
        await expectAccountBeforeTheEnd(demo);
        const recorded = await expectSummaryEqualsRecord(demo);
        expect(countEmbedded(demo.ready.home)).toEqual(recorded);
        expect(await countInflux(influxd.url, ['thermometer', 'gnss', 'adc'])).toEqual(recorded);
      },
    );
  });
});

async function startKillDemo(env: NodeJS.ProcessEnv): Promise<RunningDemo> {
  const home = mkdtempSync(join(tmpdir(), 'fieldline-kill-'));
  homes.push(home);
  const demo = await startDemo({ args: ['--duration', `${durationSec}s`, '--home', home], env });
  onTestFinished(() => demo.interrupt());
  return demo;
}

/** Kills the gateway as a power cut of its process would, and waits each time until readings are stored again. */
async function killGateway(demo: RunningDemo, times: number): Promise<void> {
  for (let kill = 0; kill < times; kill++) {
    const before = await eventually('stored readings', () => storedCount(demo));
    const pid = gatewayPid(demo.ready.home);
    process.kill(pid, 'SIGKILL');
    await eventually('a new gateway', () => (gatewayPid(demo.ready.home) === pid ? undefined : true));
    await eventually('more readings', async () => ((await storedCount(demo)) > before ? true : undefined));
  }
}

async function storedCount(demo: RunningDemo): Promise<number> {
  const { total } = await fetchLedger(demo.ready.dashboard);
  if (total.stored === 0) throw new Error('nothing is stored yet');
  return total.stored;
}

function gatewayPid(home: string): number {
  return Number(readFileSync(join(home, 'gateway.pid'), 'utf8'));
}

async function expectAccountBeforeTheEnd(demo: RunningDemo): Promise<void> {
  const { exitCode, stdout } = await runFieldline(['ledger', '--gateway', demo.ready.dashboard, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ total: { unaccounted: 0, lost: 0, refused: 0 } });
  expect(exitCode).toBe(0);
}

/** Waits for the end of the demo; answers what the virtual sensors wrote. */
async function expectSummaryEqualsRecord(demo: RunningDemo): Promise<Map<string, number>> {
  const { exitCode, summary } = await demo.ended;
  const recorded = countRecorded(demo.ready.home);
  const total = totalOf(recorded);
  expect(total).toBeGreaterThan(durationSec * 100);
  expect(summary?.ledger).toEqual({
    taken: total,
    stored: total,
    filtered: 0,
    refused: 0,
    lost: 0,
    underWay: 0,
    unaccounted: 0,
  });
  expect(exitCode).toBe(0);
  return recorded;
}
