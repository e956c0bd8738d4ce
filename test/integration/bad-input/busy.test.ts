import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runFieldline } from '../../services/run-fieldline.ts';
import { startGatewayView, type GatewayView } from './gateway-view.ts';

let folder: string;
let holder: Server;
let port: number;
let gateway: GatewayView;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldline-busy-'));
  holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const address = holder.address();
  port = typeof address === 'object' && address ? address.port : 0;
  gateway = await startGatewayView();
});
afterAll(async () => {
  await gateway.end();
  holder.close();
  rmSync(folder, { recursive: true, force: true });
});

async function startSecond(flags: Record<string, string>): Promise<{ stderr: string }> {
  const all = { '--home': join(folder, 'home'), '--http-port': '0', '--mqtt-port': '0', ...flags };
  const outcome = await runFieldline(['gateway', ...Object.entries(all).flat(), '--json']);
  expect(outcome.exitCode).toBe(1);
  expect(outcome.stdout).toBe('');
  expect(outcome.stderr).not.toMatch(/\n\s+at /);
  expect(outcome.stderr.match(/\[[A-Z_]+\]/g)).toHaveLength(1);
  return { stderr: outcome.stderr };
}

test('a busy HTTP port is named, with the flag that takes another', async () => {
  const { stderr } = await startSecond({ '--http-port': String(port) });
  expect(stderr).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}: .*--http-port.*\\[API_PORT_IN_USE\\]`));
});

test('a busy MQTT port is named, with the setting that takes another', async () => {
  const { stderr } = await startSecond({ '--mqtt-port': String(port) });
  expect(stderr).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}: .*mqtt\\.port.*\\[MQTT_PORT_BUSY\\]`));
});

test('a home in use is named, with the process that uses it, which goes on', async () => {
  const { home } = gateway.ready;
  const { stderr } = await startSecond({ '--home': home });
  expect(stderr).toMatch(new RegExp(`${home}: .*process id is \\d+.*\\[HOME_IN_USE\\]`));
  expect(await gateway.readiness()).toEqual({ status: 'ready', problems: [] });
});

test.each([
  [['device', 'show', 'nobody'], 'API_DEVICE_UNKNOWN', 'nobody: '],
  [['ledger', 'nobody'], 'API_DEVICE_UNKNOWN', 'nobody: '],
  [['query', 'nobody/air/temperature'], 'QUERY_UNKNOWN_STREAM', 'nobody/air/temperature: '],
  [['device', 'add', 'Not A Name'], 'DEVICE_NAME_INVALID', 'Not A Name: '],
  [['device', 'add', 'porch', '--token', 'wrong'], 'API_UNAUTHORIZED', '/api/v1/devices: '],
])('%j gets one answer of the gateway, with its code', async (words, code, named) => {
  const { dashboard, home } = gateway.ready;
  const all = [...words, '--gateway', dashboard, '--home', home, '--json'];
  const { exitCode, stdout, stderr } = await runFieldline(all);
  expect(exitCode).toBe(1);
  expect(stdout).toBe('');
  expect(stderr.match(/\[[A-Z_]+\]/g)).toEqual([`[${code}]`]);
  expect(stderr).toContain(named);
});
