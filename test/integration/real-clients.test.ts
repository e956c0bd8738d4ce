import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, type RunningGateway } from '@fieldline/gateway';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { influxdProgram, startInfluxd, type Influxd } from '../services/influxd.ts';
import { mosquittoPub } from '../services/mosquitto.ts';
import { influxShell, paho, runProgram } from '../services/real-clients.ts';
import { eventually } from '../services/wait.ts';

const device = 'greenhouse-1';
const topic = `fieldline/v1/${device}/batch`;
const startUs = 1_767_225_600_000_000;

/** A batch as the contract draws it, by hand: no code of ours makes it. */
function batchText(seq: number): string {
  return JSON.stringify({
    ...{ v: 1, device, epoch: 'by-hand', seq, bootId: 'b', sentAt: startUs + seq * 1e6 },
    ...{ clock: 'synced', configVersion: 0, lane: 'live' },
    sensors: [
      {
        ...{ sensor: 'air', type: 'thermometer', kind: 'readings', t: [startUs + seq * 1e6] },
        fields: { temperature: { unit: 'Cel', v: [20 + seq / 100] } },
      },
    ],
    ledger: {
      'air/temperature': { taken: seq, filtered: 0, refused: 0, lost: 0, open: 0, batched: seq },
    },
  });
}

/** Unmodified clients of other projects, from the device to the store: the contract is enough for them. */
describe.skipIf(influxdProgram.missing || influxShell.missing || paho.missing || mosquittoPub.missing)(
  'clients of others',
  () => {
    let folder: string;
    let influxd: Influxd;
    let gateway: RunningGateway;
    let password: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fieldline-clients-'));
      influxd = await startInfluxd();
      const ports = { http: { port: 0 }, mqtt: { port: 0 } };
      const options = { home: folder, ...ports, influxdb: { url: influxd.url }, logLevel: 'silent' } as const;
      gateway = await startGateway(options, { environment: {} });
      const token = (await readFile(join(folder, 'admin.token'), 'utf8')).trim();
      const answer = await fetch(`${gateway.httpUrl}/api/v1/devices`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: device }),
      });
      ({ password } = JSON.parse(await answer.text()));
    });
    afterAll(async () => {
      await gateway.stop();
      await influxd.remove();
      await rm(folder, { recursive: true, force: true });
    });

    const port = (): string => new URL(gateway.mqttUrl).port;

    async function batchFile(seq: number): Promise<string> {
      const path = join(folder, `batch-${seq}.json`);
      await writeFile(path, batchText(seq));
      return path;
    }

    test('mosquitto_pub, Python’s paho and MQTT.js publish; the influx shell reads what was stored', async () => {
      const words = ['-h', '127.0.0.1', '-p', port(), '-i', device, '-u', device, '-P', password];
      expect(
        await runProgram(mosquittoPub.path, [...words, '-t', topic, '-q', '1', '-f', await batchFile(1)]),
      ).toEqual({ code: 0, stdout: '', stderr: '' });
      const script = join(import.meta.dirname, 'paho-publish.py');
      expect(
        await runProgram(paho.path, [script, port(), device, password, topic, await batchFile(2)]),
      ).toEqual({ code: 0, stdout: '', stderr: '' });
      const client = await mqtt.connectAsync(gateway.mqttUrl, {
        clientId: device,
        username: device,
        password,
      });
      await client.publishAsync(topic, batchText(3), { qos: 1 });
      await client.endAsync();
      const rows = await eventually('three readings', async () => {
        const values = await influxShellRows();
        return values.length >= 3 ? values : undefined;
      });
      expect(rows).toEqual([1, 2, 3].map((seq) => [startUs + seq * 1e6, device, 'air', 20 + seq / 100]));
      const { total } = JSON.parse(await (await fetch(`${gateway.httpUrl}/api/v1/ledger`)).text());
      expect(total).toMatchObject({ taken: 3, stored: 3, unaccounted: 0 });
    });

    test('a batch that breaks off is a dead letter, and is acknowledged', async () => {
      const script = join(import.meta.dirname, 'paho-publish.py');
      const file = join(folder, 'bad.json');
      await writeFile(file, '{"v":1,\n');
      expect((await runProgram(paho.path, [script, port(), device, password, topic, file])).code).toBe(0);
      const { deadLetters } = JSON.parse(
        await (await fetch(`${gateway.httpUrl}/api/v1/dead-letters`)).text(),
      );
      expect(deadLetters).toMatchObject([{ device }]);
    });

    /** Rows of time, device, sensor and temperature, as InfluxDB's own shell gives them. */
    async function influxShellRows(): Promise<unknown[][]> {
      const { hostname, port: influxPort } = new URL(influxd.url);
      const statement = 'SELECT "device", "sensor", "temperature" FROM "thermometer"';
      const address = ['-host', hostname, '-port', influxPort, '-database', 'fieldline'];
      const { stdout } = await runProgram(influxShell.path, [
        ...address,
        ...['-precision', 'u', '-format', 'json', '-execute', statement],
      ]);
      return JSON.parse(stdout).results[0].series?.[0]?.values ?? [];
    }
  },
);
