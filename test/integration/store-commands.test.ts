import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type mqtt from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { batchOf, publishBatch, startRig, type GatewayRig } from '../../gateway/src/gateway-rig.ts';
import { runFieldline, type CommandOutcome } from '../services/run-fieldline.ts';

let folder: string;
let rig: GatewayRig;
let client: mqtt.MqttClient;
let password: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fieldline-store-commands-'));
  rig = await startRig();
  password = await rig.addDevice('porch');
  client = await rig.connect('porch', password);
  await publishBatch(client, batchOf('porch', 1, { readings: 5 }));
  await publishBatch(client, batchOf('porch', 2, { readings: 5 }));
  await expect.poll(async () => (await rig.ledger()).total.stored).toBe(10);
});
afterEach(async () => {
  await client.endAsync(true);
  await rig.end();
  rmSync(folder, { recursive: true });
});

function fieldline(...words: string[]): Promise<CommandOutcome> {
  return runFieldline(words, { FIELDLINE_HOME: rig.home, FIELDLINE_GATEWAY: rig.gateway.httpUrl });
}

test('export writes a whole file, or none', async () => {
  const file = join(folder, 'all.csv');
  const whole = await fieldline('export', '*', '--from', '0', '--output', file, '--json');
  expect([whole.exitCode, whole.stderr]).toEqual([0, '']);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\r\n');
  expect(lines).toHaveLength(11);
  expect(JSON.parse(whole.stdout)).toEqual({ file, rows: 10, sizeBytes: readFileSync(file).length });
  const printed = await fieldline('export', 'porch/*/*', '--from', '0', '--format', 'ndjson');
  expect(printed.stdout.trimEnd().split('\n')).toHaveLength(10);
  const none = await fieldline('export', 'nobody/a/b', '--output', join(folder, 'none.csv'));
  expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining('QUERY_UNKNOWN_STREAM')]);
  expect(readdirSync(folder)).toEqual(['all.csv']);
});

test('replay fills the embedded store again, keeps its old file, and the account adds up', async () => {
  const replayed = await fieldline('replay', '--sink', 'embedded', '--from', '0', '--json');
  expect([replayed.exitCode, replayed.stderr]).toEqual([0, '']);
  expect(JSON.parse(replayed.stdout)).toEqual({ sink: 'embedded', fromOffset: 0, toOffset: 1 });
  await publishBatch(client, batchOf('porch', 3, { readings: 5 }));
  await expect
    .poll(async () => (await rig.ledger()).total)
    .toMatchObject({ stored: 15, underWay: 0, unaccounted: 0 });
  expect(readdirSync(rig.home).filter((name) => name.startsWith('store.db.replaced-'))).toHaveLength(1);
  for (const [words, code] of [
    [['--sink', 'live', '--from', '0'], 'SINK_NOT_REPLAYABLE'],
    [['--sink', 'nowhere', '--from', '0'], 'SINK_UNKNOWN'],
    [['--sink', 'embedded', '--from', '2'], 'SINK_REPLAYS_WHOLE'],
    [['--sink', 'embedded', '--from', 'soon'], 'API_BAD_REQUEST'],
  ] as const) {
    const refused = await fieldline('replay', ...words);
    expect([refused.exitCode, refused.stderr]).toEqual([expect.any(Number), expect.stringContaining(code)]);
    expect(refused.exitCode).not.toBe(0);
  }
});

test('a backup of a running gateway becomes another home, in which nothing is missing', async () => {
  const copy = join(folder, 'backup');
  const made = await fieldline('backup', '--to', copy, '--json');
  expect([made.exitCode, made.stderr]).toEqual([0, '']);
  const home = join(folder, 'home');
  const restored = await fieldline('restore', copy, '--home', home, '--json');
  expect([restored.exitCode, restored.stderr]).toEqual([0, '']);
  expect(JSON.parse(restored.stdout)).toMatchObject({ home, files: (JSON.parse(made.stdout) as { files: number }).files }); // prettier-ignore
  const again = await startRig({ home });
  const device = await again.connect('porch', password);
  await publishBatch(device, batchOf('porch', 3, { readings: 5 }));
  await expect
    .poll(async () => (await again.ledger()).total)
    .toMatchObject({ stored: 15, underWay: 0, unaccounted: 0 });
  await device.endAsync(true);
  await again.gateway.stop();
  const occupied = await fieldline('restore', copy, '--home', home);
  expect([occupied.exitCode, occupied.stderr]).toEqual([
    1,
    expect.stringContaining('BACKUP_TARGET_OCCUPIED'),
  ]);
  writeFileSync(join(copy, 'store.db'), 'spoilt');
  const spoilt = await fieldline('restore', copy, '--home', join(folder, 'other'));
  expect([spoilt.exitCode, spoilt.stderr]).toEqual([1, expect.stringContaining('BACKUP_UNUSABLE')]);
});
