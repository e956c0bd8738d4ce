import { airReadings, allBatched, sampleBatch } from '@fieldline/protocol/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { publishBatch, startRig } from '../../gateway/src/gateway-rig.ts';
import { influxdProgram, startInfluxd } from '../services/influxd.ts';
import { runFieldline } from '../services/run-fieldline.ts';
import { influxQuery } from '../services/stored-counts.ts';
import { eventually } from '../services/wait.ts';

const timeUs = 1_700_000_000_000_000;

/** The values of all points, the least one first. */
async function values(influxUrl: string): Promise<unknown[]> {
  const [series] = await influxQuery(influxUrl, 'SELECT temperature FROM thermometer');
  return (series?.values ?? []).map(([, value]) => value).sort();
}

describe.skipIf(influxdProgram.missing)('a replay into InfluxDB', () => {
  test('from the middle overwrites no reading that another one shares its time with', async () => {
    const influxd = await startInfluxd();
    onTestFinished(() => influxd.remove());
    const rig = await startRig({ stores: ['influxdb'], influxdb: { url: influxd.url } });
    onTestFinished(() => rig.end());
    const client = await rig.connect('porch', await rig.addDevice('porch'));
    onTestFinished(() => void client.end(true));
    for (const [index, value] of [20, 21].entries()) {
      const sensors = [airReadings(Float64Array.of(timeUs), Float64Array.of(value))];
      const ledger = { 'air/temperature': allBatched(index + 1) };
      await publishBatch(client, sampleBatch({ device: 'porch', seq: index + 1, sensors, ledger }));
    }
    const isStored = async (): Promise<true | undefined> =>
      (await rig.ledger()).total.underWay === 0 || undefined;
    await eventually('both readings stored', isStored);
    expect(await values(influxd.url)).toEqual([20, 21]);

    const words = ['replay', '--sink', 'influxdb', '--from', '1', '--gateway', rig.gateway.httpUrl];
    const { exitCode, stdout } = await runFieldline(words, { FIELDLINE_HOME: rig.home });
    expect(exitCode).toBe(0);
    await eventually('both readings stored again', isStored);
    expect(await values(influxd.url)).toEqual([20, 21]);
    expect(stdout).toContain('0 to 1');
    expect((await rig.ledger()).total).toMatchObject({ taken: 2, stored: 2, underWay: 0, unaccounted: 0 });
  });
});
