import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, type RunningGateway } from '@fieldline/gateway';
import type { DeadLettersAnswer, DeviceCredential } from '@fieldline/protocol';
import mqtt from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runFieldline, type CommandOutcome } from '../services/run-fieldline.ts';

let folder: string;
let home: string;
let gateway: RunningGateway;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldline-letters-'));
  home = join(folder, 'home');
  gateway = await start(1);
});
afterEach(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true });
});

const start = (streamsPerDevice: number) =>
  startGateway(
    { home, http: { port: 0 }, mqtt: { port: 0 }, logLevel: 'silent', limits: { streamsPerDevice } },
    { environment: {} },
  );

function deadLetters(...words: string[]): Promise<CommandOutcome> {
  const env = { FIELDLINE_HOME: home, FIELDLINE_GATEWAY: gateway.httpUrl };
  return runFieldline(['dead-letters', ...words], env);
}

/** A batch of one reading for each of the quantities, as JSON. */
function payloadOf(seq: number, ...quantities: string[]): string {
  const now = Date.now() * 1000;
  const fields = Object.fromEntries(quantities.map((name) => [name, { unit: 'Cel', v: [20] }]));
  const totals = { taken: 1, filtered: 0, refused: 0, lost: 0, open: 0, batched: 1 };
  return JSON.stringify({
    ...{ v: 1, device: 'porch', epoch: 'epoch-1', seq, bootId: 'boot-1', sentAt: now, clock: 'synced' },
    ...{ configVersion: 0, lane: 'live' },
    sensors: [{ sensor: 'air', type: 'thermometer', kind: 'readings', t: [now], fields }],
    ledger: Object.fromEntries(quantities.map((name) => [`air/${name}`, totals])),
  });
}

async function publish(...payloads: string[]): Promise<void> {
  const answer = await fetch(`${gateway.httpUrl}/api/v1/devices`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${readFileSync(join(home, 'admin.token'), 'utf8').trim()}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ name: 'porch' }),
  });
  const { username, password } = (await answer.json()) as DeviceCredential;
  const client = await mqtt.connectAsync(gateway.mqttUrl, { clientId: 'porch', username, password });
  for (const payload of payloads) await client.publishAsync('fieldline/v1/porch/batch', payload, { qos: 1 });
  await client.endAsync();
}

test('what was refused is listed, shown, saved, stored by a replay after the fix, or thrown away', async () => {
  expect((await deadLetters('list')).stdout).toContain('nothing was refused');
  const payload = payloadOf(1, 'temperature', 'humidity');
  await publish(payload, '\u001b[2J');

  const listed = JSON.parse((await deadLetters('list', '--json')).stdout) as DeadLettersAnswer;
  expect(listed.deadLetters.map(({ code }) => code)).toEqual(['BATCH_UNDECODABLE', 'STREAM_LIMIT']);
  const file = join(folder, 'payload.json');
  const shown = await deadLetters('show', '1', '--save', file);
  expect(shown.stdout).toContain('STREAM_LIMIT');
  expect(readFileSync(file, 'utf8')).toBe(payload);
  // What a device sent never reaches the terminal as it is.
  expect((await deadLetters('show', '2')).stdout).not.toContain('\u001b[2J');

  const again = await deadLetters('replay', '--all');
  expect([again.exitCode, again.stdout]).toEqual([1, expect.stringContaining('2 refused again')]);
  await gateway.stop();
  gateway = await start(2);
  const fixed = await deadLetters('replay', '--code', 'STREAM_LIMIT', '--json');
  expect([fixed.exitCode, JSON.parse(fixed.stdout)]).toEqual([
    0,
    { id: 1, outcome: 'stored', code: null, detail: '' },
  ]);
  const ledger = await runFieldline(['ledger', '--json'], { FIELDLINE_GATEWAY: gateway.httpUrl });
  expect(JSON.parse(ledger.stdout)).toMatchObject({ total: { taken: 2, refused: 0, unaccounted: 0 } });

  expect((await deadLetters('discard', '2')).exitCode).toBe(0);
  expect((await deadLetters('discard', '2')).stderr).toContain('DEAD_LETTER_UNKNOWN');
  expect((await deadLetters('replay')).exitCode).toBe(2);
  expect((await deadLetters('show', '../devices')).exitCode).toBe(2);
});
