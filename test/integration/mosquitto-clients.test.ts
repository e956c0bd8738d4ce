import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, type RunningGateway } from '@fieldline/gateway';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mosquittoPub, mosquittoSub } from '../services/mosquitto.ts';

const device = 'greenhouse-1';
const statusTopic = `fieldline/v1/${device}/status`;
const status = JSON.stringify({
  online: true,
  agentVersion: '1',
  configVersion: 0,
  bootId: 'b',
  clock: 'synced',
  startedAt: 1_700_000_000_000_000,
});

/** Unmodified clients of another project, on the rules of the contract. */
describe.skipIf(mosquittoPub.missing || mosquittoSub.missing)('mosquitto_pub and mosquitto_sub', () => {
  let folder: string;
  let gateway: RunningGateway;
  let password: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fieldline-mosquitto-'));
    const ports = { http: { port: 0 }, mqtt: { port: 0 } };
    gateway = await startGateway({ home: folder, ...ports, logLevel: 'silent' }, { environment: {} });
    ({ password } = JSON.parse(await post('/api/v1/devices', { name: device })));
  });
  afterAll(async () => {
    await gateway.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function post(path: string, body: object): Promise<string> {
    const token = (await readFile(join(folder, 'admin.token'), 'utf8')).trim();
    const response = await fetch(`${gateway.httpUrl}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return response.text();
  }

  /** Runs a client against the plain listener; answers its exit code and what it said. */
  function run(program: string, words: readonly string[]): Promise<{ code: number; said: string }> {
    const port = new URL(gateway.mqttUrl).port;
    return new Promise((resolve) => {
      execFile(program, ['-h', '127.0.0.1', '-p', port, ...words], { timeout: 60_000 }, (error, out, err) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, said: `${out}${err}` });
      });
    });
  }

  const asDevice = () => ['-i', device, '-u', device, '-P', password];
  const publish = (words: readonly string[]) =>
    run(mosquittoPub.path, ['-t', statusTopic, '-q', '1', '-r', '-m', status, ...words]);

  async function online(): Promise<boolean> {
    const { devices } = JSON.parse(await (await fetch(`${gateway.httpUrl}/api/v1/devices`)).text());
    return devices[0].agentVersion !== null;
  }

  test('nobody comes in without a password, with a wrong one, or under another id', async () => {
    const cases = [
      [],
      ['-u', device],
      ['-u', device, '-P', 'x', '-i', device],
      ['-u', device, '-P', password, '-i', 'x'],
    ];
    for (const words of cases) {
      const { code, said } = await publish(words);
      expect([words.length, code !== 0, /not authori[sz]ed/i.test(said)]).toEqual([words.length, true, true]);
    }
    expect(await online()).toBe(false);
  });

  test('a device publishes its own status', async () => {
    expect(await publish(asDevice())).toEqual({ code: 0, said: '' });
    expect(await online()).toBe(true);
  });

  test.each([
    '#',
    '$SYS/#',
    '+/+/+/status',
    'fieldline/v1/+/batch',
    'fieldline/v1/other/command',
    statusTopic,
  ])('a device may not subscribe to %s', async (filter) => {
    // It ends with 0 all the same, since it could talk to the broker; what counts is what the broker granted.
    const { said } = await run(mosquittoSub.path, [...asDevice(), '-t', filter, '-C', '1', '-W', '20']);
    expect(said).toContain('All subscription requests were denied');
  });

  test('a device publishes below $SYS and for others without effect, and is not cut off for it', async () => {
    for (const topic of ['$SYS/x/new/clients', 'fieldline/v1/other/status', 'anything'])
      expect(
        await run(mosquittoPub.path, [...asDevice(), '-t', topic, '-q', '1', '-m', device]),
      ).toMatchObject({
        code: 0,
      });
    const metrics = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
    expect(metrics).toContain('fieldline_mqtt_refused_total{code="TOPIC_DENIED"} 3');
  });

  test('the password works over TLS for a client that trusts the authority of the gateway', async () => {
    const authority = join(folder, 'ca', 'ca.pem');
    const port = new URL(gateway.mqttsUrl ?? '').port;
    const words = ['-h', 'localhost', '-p', port, ...asDevice(), '-t', statusTopic, '-q', '1', '-m', status];
    expect(await run(mosquittoPub.path, [...words, '--cafile', authority])).toEqual({ code: 0, said: '' });
    const stranger = await run(mosquittoPub.path, [...words, '--capath', '/etc/ssl/certs']);
    expect(stranger.code).not.toBe(0);
  });
});
