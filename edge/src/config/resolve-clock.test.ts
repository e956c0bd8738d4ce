import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadAgentConfig } from './load-agent-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'fieldline-clock-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

const position = '{ id: position, driver: gnss, port: /dev/x }';
const air = '{ id: air, driver: thermometer, port: /dev/y }';

async function load(clock: string, ...sensors: string[]): ReturnType<typeof loadAgentConfig> {
  const path = join(folder, 'agent.yaml');
  const gateway = "gateway: { url: 'mqtt://h', password: p }";
  writeFileSync(
    path,
    `device: a-1\n${gateway}\ndataDir: ./data\nclock: ${clock}\nsensors: [${sensors.join(', ')}]\n`,
  );
  return loadAgentConfig(path, {});
}

it('takes the time from a receiver where that is configured, and from the system otherwise', async () => {
  const configured = await load('{ source: gnss, sensor: position, delay: 80ms }', air, position);
  expect(configured.clock.receiver).toEqual({ sensor: 'position', delayUs: 80_000 });
  expect((await load('{ source: system, sensor: position }', position)).clock.receiver).toBeUndefined();
  expect((await load('{}', position)).clock.receiver).toBeUndefined();
});

it.each([
  ['{ source: gnss }', [position], 'receivers are: position'],
  ['{ source: gnss, sensor: air }', [air, position], '"air" is no receiver'],
  ['{ source: gnss, sensor: gone }', [air], 'there is no gnss sensor'],
  ['{ source: gps, sensor: position }', [position], 'source'],
  ['{ source: gnss, sensor: position, delay: 3s }', [position], 'delay'],
])('refuses %s, and says why', async (clock, sensors, reason) => {
  await expect(load(clock, ...sensors)).rejects.toThrow(reason);
});
