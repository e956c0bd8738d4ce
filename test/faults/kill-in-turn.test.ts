import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { influxdProgram } from '../services/influxd.ts';
import { KillRig, victims } from '../services/kill-rig.ts';
import { readRecord } from '../services/records.ts';
import { runFieldline } from '../services/run-fieldline.ts';
import { countEmbedded, countInflux, influxQuery } from '../services/stored-counts.ts';
import { eventually } from '../services/wait.ts';
import { inRecordOrder, locateRuns, type CarriedRun } from '../services/window-oracle.ts';

const kills = process.env['FIELDLINE_TEST_LONG'] === '1' ? 100 : 20;
const ratePerSec = 50;
/** A moment anywhere in a flush of the agent, a write of the sink, a commit of the journal. */
const momentMaxMs = 500;
/** The record knows when the kernel got a reading, the gap when the agent would have had it. */
const latencyUs = 1_000_000;
/** A sensor that ends takes its line along, with what the agent had not read of it yet: as a plug that is pulled. */
const unpluggedUs = 500_000;

/**
 * Agent, gateway and InfluxDB are killed in turn, at random moments, while readings come in. The virtual sensors' own record is
 * the oracle: what the stores hold is the record, reading by reading, each once and in its order; what is not there is what
 * an agent held in memory when it was killed, and lies in a gap that it declared.
 */
describe.skipIf(influxdProgram.missing)('agent, gateway and InfluxDB, killed in turn', () => {
  test(
    `${kills} times: both stores hold the sensors' record, and nothing is unaccounted for`,
    { timeout: 60_000 + kills * 30_000 },
    async () => {
      const rig = new KillRig([
        { id: 'air', ratePerSec, config: {} },
        { id: 'soil', ratePerSec, config: { window: '2s', sketch: true, lateness: '100ms' } },
      ]);
      onTestFinished(() => rig.remove());
      await rig.start();
      for (let kill = 0; kill < kills; kill++) {
        await untilStoredMore(rig);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * momentMaxMs));
        await rig.kill(victims[kill % victims.length] ?? 'agent');
      }
      await untilStoredMore(rig);
      await rig.endSensors();
      await untilAllIsStored(rig);
      await expectLedger(rig);
      const air = await expectRecord(rig, 'air', await storedReadings(rig));
      const soil = await expectRecord(rig, 'soil', await storedWindows(rig));
      const counts = new Map([
        [`${rig.device}/air/temperature`, air],
        [`${rig.device}/soil/temperature`, soil],
      ]);
      expect(await countInflux(rig.influxUrl, ['thermometer'])).toEqual(counts);
      await rig.end();
      expect(countEmbedded(join(rig.home, 'gateway'))).toEqual(counts);
    },
  );
});

/** Waits until readings are stored that were not at the call. A gateway that is starting does not answer: not yet. */
async function untilStoredMore(rig: KillRig): Promise<void> {
  const before = await eventually('an answer', async () => (await rig.total()).stored, 60_000);
  await eventually(
    'more readings',
    async () => ((await rig.total()).stored > before ? true : undefined),
    60_000,
  );
}

/** The agent seals its open windows, sends what it has, and everything reaches the stores. */
async function untilAllIsStored(rig: KillRig): Promise<void> {
  await rig.restartAgent();
  await eventually(
    'all of it stored',
    async () => {
      const total = await rig.total();
      const { taken, stored, underWay, lost, refused } = total;
      if (underWay === 0 && taken === stored + lost + refused) return true;
      throw new Error(JSON.stringify(total));
    },
    60_000,
  );
}

async function expectLedger(rig: KillRig): Promise<void> {
  const { exitCode, stdout } = await runFieldline(['ledger', '--gateway', rig.dashboard, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ total: { unaccounted: 0, lost: 0, refused: 0, underWay: 0 } });
  expect(exitCode).toBe(0);
}

/** Compares what is stored of a sensor with its record; answers how many readings are stored. */
async function expectRecord(rig: KillRig, sensor: string, runs: CarriedRun[]): Promise<number> {
  const recorded = readRecord(rig.recordPath(sensor), 'temperature');
  const { unlocated, missing } = locateRuns(inRecordOrder(runs, recorded), recorded);
  expect(unlocated.slice(0, 5)).toEqual([]);
  const stored = runs.reduce((sum, { count }) => sum + count, 0);
  expect(stored + missing.length).toBe(recorded.length);
  const gaps = await storedGaps(rig, sensor);
  const endUs = recorded.at(-1)?.atUs ?? NaN;
  const undeclared = missing.filter(
    ({ atUs }) =>
      atUs < endUs - unpluggedUs &&
      !gaps.some(([fromUs, toUs]) => fromUs - latencyUs <= atUs && atUs <= toUs + latencyUs),
  );
  expect(undeclared.map((each) => `${sensor}: ${recorded.indexOf(each)} of ${recorded.length}`)).toEqual([]);
  return stored;
}

/** Each stored reading as a run of one. */
async function storedReadings(rig: KillRig): Promise<CarriedRun[]> {
  const from = `FROM thermometer WHERE "sensor" = 'air' AND "window" = ''`;
  const [series] = await influxQuery(rig.influxUrl, `SELECT temperature ${from}`);
  return (series?.values ?? []).map(([startUs, value]) => {
    const v = value ?? NaN;
    return { startUs: startUs ?? NaN, count: 1, sum: v, min: v, max: v, first: v, last: v };
  });
}

const windowColumns = ['count', 'sum', 'min', 'max', 'first', 'last'] as const;

async function storedWindows(rig: KillRig): Promise<CarriedRun[]> {
  const fields = windowColumns.map((name) => `temperature_${name}`).join(', ');
  const from = `FROM thermometer WHERE "sensor" = 'soil' AND "window" = '2s'`;
  const [series] = await influxQuery(rig.influxUrl, `SELECT ${fields} ${from}`);
  return (series?.values ?? []).map((row) => {
    const [startUs = NaN, count = NaN, sum = NaN, min = NaN, max = NaN, first = NaN, last = NaN] =
      row.map(Number);
    return { startUs, count, sum, min, max, first, last };
  });
}

async function storedGaps(rig: KillRig, sensor: string): Promise<[fromUs: number, toUs: number][]> {
  const [series] = await influxQuery(
    rig.influxUrl,
    `SELECT "to" FROM fieldline_gap WHERE "sensor" = '${sensor}'`,
  );
  return (series?.values ?? []).map(([fromUs, toUs]) => [Number(fromUs), Number(toUs)]);
}
