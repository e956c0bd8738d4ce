import { LedgerAnswer, type LedgerRow } from '@fieldline/protocol';
import { airReadings, allBatched, sampleBatch } from '@fieldline/protocol/testing';
import { Value } from 'typebox/value';
import { describe, expect, onTestFinished, test } from 'vitest';
import { batchOf, publishBatch, startRig } from '../../gateway/src/gateway-rig.ts';
import { influxdProgram, startInfluxd } from '../services/influxd.ts';
import { runFieldline } from '../services/run-fieldline.ts';
import { countInflux } from '../services/stored-counts.ts';
import { eventually } from '../services/wait.ts';

const stream = 'porch/air/temperature';
const anHour = 3600;
const hours = 7;
/** Time of the first reading of `batchOf`: 22:13:20 of some day. */
const firstUs = 1_700_000_000_000_000;
/** Whole hours go: of the last reading's hour before, and of its own, all are left. */
const left = anHour + 800;

/** The ledger as people see it: the command's exit code says whether anything is unaccounted for. */
async function ledger(url: string): Promise<LedgerRow> {
  const { exitCode, stdout } = await runFieldline(['ledger', '--gateway', url, '--json']);
  expect(exitCode).toBe(0);
  const answer: unknown = JSON.parse(stdout);
  if (!Value.Check(LedgerAnswer, answer)) throw new Error(stdout);
  return answer.total;
}

describe.skipIf(influxdProgram.missing)('a gateway that keeps readings in InfluxDB for an hour', () => {
  test('accounts for all of them before they go, afterwards, late ones too, and after a replay', async () => {
    const influxd = await startInfluxd();
    onTestFinished(() => influxd.remove());
    const influxdb = { url: influxd.url, keepReadings: '1h' };
    const rig = await startRig({ stores: ['influxdb'], influxdb });
    onTestFinished(() => rig.end());
    const client = await rig.connect('porch', await rig.addDevice('porch'));
    onTestFinished(() => void client.end(true));
    for (let seq = 1; seq <= hours; seq++)
      await publishBatch(client, batchOf('porch', seq, { readings: anHour }));
    const all = hours * anHour;
    const url = rig.gateway.httpUrl;
    const isStored = async (): Promise<boolean> => (await rig.ledger()).total.stored === all;
    await eventually('all of it stored', async () => ((await isStored()) ? true : undefined));
    expect(await ledger(url)).toMatchObject({ taken: all, stored: all, underWay: 0, unaccounted: 0 });

    const points = async (): Promise<number> =>
      (await countInflux(influxd.url, ['thermometer'])).get(stream) ?? 0;
    await eventually('few points', async () => (await points()) === left || undefined, 60_000);
    expect(await ledger(url)).toMatchObject({ taken: all, stored: all, underWay: 0, unaccounted: 0 });

    const t = Float64Array.from({ length: 60 }, (_, index) => firstUs + index * 1e6 + 5e5);
    const late = sampleBatch({
      ...{ device: 'porch', epoch: 'epoch-1', seq: hours + 1, sentAt: firstUs + hours + 1 },
      sensors: [
        airReadings(
          t,
          t.map(() => 20),
        ),
      ],
      ledger: { 'air/temperature': allBatched(all + 60) },
    });
    await publishBatch(client, late);
    const total = { taken: all + 60, stored: all + 60, underWay: 0, unaccounted: 0 };
    await eventually(
      'late readings',
      async () => (await rig.ledger()).total.stored === all + 60 || undefined,
    );
    expect(await ledger(url)).toMatchObject(total);
    const replayed = await runFieldline(['replay', '--sink', 'influxdb', '--from', '0', '--gateway', url], {
      FIELDLINE_HOME: rig.home,
    });
    expect(replayed.exitCode).toBe(0);
    await eventually('a replay', async () => (await rig.ledger()).total.underWay === 0 || undefined);
    expect(await ledger(url)).toMatchObject(total);
    expect(await points()).toBe(left);
  });
});
