import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startGateway, type RunningGateway } from '@fieldline/gateway';
import type { DeviceCredential, LedgerAnswer } from '@fieldline/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requireProgram } from '../services/skips.ts';

const mosquittoPub = requireProgram('mosquitto_pub', ['mosquitto_pub'], 'apt-get install mosquitto-clients');
const run = promisify(execFile);

let home: string;
let gateway: RunningGateway;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'fieldline-dialects-'));
  const dialects = [
    {
      account: 'bridge',
      format: 'value' as const,
      topics: ['home/{device}/{sensor}/{quantity}'],
      unit: 'Cel',
    },
  ];
  const options = { home, dialects, http: { port: 0 }, mqtt: { port: 0 }, logLevel: 'silent' as const };
  gateway = await startGateway(options, { environment: {} });
});
afterEach(async () => {
  await gateway.stop();
  rmSync(home, { recursive: true });
});

async function addAccount(): Promise<string> {
  const answer = await fetch(`${gateway.httpUrl}/api/v1/devices`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${readFileSync(join(home, 'admin.token'), 'utf8').trim()}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ name: 'bridge' }),
  });
  return ((await answer.json()) as DeviceCredential).password;
}

describe.skipIf(mosquittoPub.missing)('mosquitto_pub', () => {
  test('joins as it is: any QoS, retained or not', async () => {
    const { hostname, port } = new URL(gateway.mqttUrl);
    const password = await addAccount();
    const words = ['-h', hostname, '-p', port, '-i', 'bridge', '-u', 'bridge', '-P', password];
    const topic = ['-t', 'home/kitchen/air/temperature'];
    await run(mosquittoPub.path, [...words, ...topic, '-m', '21.5', '-q', '1', '-r']);
    await run(mosquittoPub.path, [...words, ...topic, '-m', '22', '-q', '2']);
    await run(mosquittoPub.path, [...words, ...topic, '-m', '22.5']);
    await expect
      .poll(async () => {
        const answer = await fetch(`${gateway.httpUrl}/api/v1/ledger?device=kitchen`);
        return ((await answer.json()) as LedgerAnswer).total;
      })
      .toMatchObject({ taken: 3, stored: 3, unaccounted: 0 });
    const stream = 'kitchen/air/temperature';
    const history = await fetch(`${gateway.httpUrl}/api/v1/query?stream=${stream}`);
    expect(await history.json()).toMatchObject({ unit: 'Cel', mean: [21.5, 22, 22.5] });
  });
});
