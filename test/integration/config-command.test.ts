import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceConfigAnswer, DryRunAnswer } from '@fieldline/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { RemoteRig } from '../services/remote-rig.ts';
import { runFieldline, type CommandOutcome } from '../services/run-fieldline.ts';
import { eventually } from '../services/wait.ts';

let rig: RemoteRig;
let file: string;

beforeEach(async () => {
  rig = new RemoteRig();
  await rig.startGateway();
  file = join(rig.folder, 'wanted.yaml');
});
afterEach(() => rig.end());

function config(...words: string[]): Promise<CommandOutcome> {
  const env = { FIELDLINE_HOME: join(rig.folder, 'home'), FIELDLINE_GATEWAY: rig.gateway.httpUrl };
  return runFieldline(['config', ...words], env);
}

test('get, edit, diff, test, set: the way of a change, with exit codes', { timeout: 90_000 }, async () => {
  await rig.startAgent({ sensors: [{ id: 'air', driver: 'thermometer', port: rig.port('air') }] });
  await eventually('its report', async () => (await rig.config()).reported ?? undefined);

  const got = await config('get', 'lab-1');
  expect(got.stdout).toContain('# lab-1: version 0, none');
  expect(parse(got.stdout)).toMatchObject({ device: 'lab-1', sensors: [{ id: 'air' }] });
  expect(got.stdout).not.toContain('password');

  writeFileSync(file, got.stdout.replace('driver: thermometer', 'driver: thermometer\n    window: 500ms'));
  const differs = await config('diff', 'lab-1', '--file', file);
  expect([differs.exitCode, differs.stdout]).toEqual([1, '+ sensors.air.window: "500ms"\n']);

  const tried = await config('test', 'lab-1', '--file', file, '--json');
  expect([tried.exitCode, (JSON.parse(tried.stdout) as DryRunAnswer).errors]).toEqual([0, []]);

  const set = await config('set', 'lab-1', '--file', file);
  expect([set.exitCode, set.stdout, set.stderr]).toEqual([0, 'lab-1 runs version 1.\n', '']);
  expect((await config('diff', 'lab-1')).exitCode).toBe(0);

  writeFileSync(file, 'sensors: [ { id: air, driver: thermometre } ]\n');
  const wrong = await config('test', 'lab-1', '--file', file);
  expect(wrong.exitCode).toBe(1);
  expect(wrong.stdout).toContain('sensors[0].driver: "thermometre" is none of');
  const rejected = await config('set', 'lab-1', '--file', file, '--json');
  expect(rejected.exitCode).toBe(1);
  expect(JSON.parse(rejected.stdout) as DeviceConfigAnswer).toMatchObject({
    state: 'rejected',
    desired: { version: 2 },
    reported: { version: 2, errors: [{ path: 'sensors[0].driver' }] },
  });

  const old = await config('set', 'lab-1', '--file', file, '--version', '1');
  expect([old.exitCode, old.stderr]).toEqual([1, expect.stringContaining('API_CONFIG_CONFLICT')]);
});

test('what cannot be read is a usage error; a device that is not there is named', async () => {
  expect((await config('set', 'lab-1')).exitCode).toBe(2);
  expect((await config('set', 'lab-1', '--file', join(rig.folder, 'none.yaml'))).exitCode).toBe(2);
  writeFileSync(file, 'sensors: [');
  expect((await config('test', 'lab-1', '--file', file)).exitCode).toBe(2);
  const unknown = await config('get', 'nobody');
  expect([unknown.exitCode, unknown.stderr]).toEqual([1, expect.stringContaining('API_DEVICE_UNKNOWN')]);
  expect((await config('get', 'lab-1')).exitCode).toBe(1);
});
