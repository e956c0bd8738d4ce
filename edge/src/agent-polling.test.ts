import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startAgent, type Agent } from './agent.ts';
import { loadAgentConfig } from './config/load-agent-config.ts';
import { silentLogger } from './logger.ts';
import { eventually } from './testing/eventually.ts';
import { TestBroker } from './testing/test-broker.ts';

const scratchpad = new URL('./drivers/w1/cases/air/devices/28-00000283602d/w1_slave', import.meta.url);

let folder: string;
let broker: TestBroker;
let service: Server;
let agent: Agent | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldline-polling-'));
  broker = await TestBroker.start();
  service = createServer((_, response) => response.end('{"now": {"co2": 612}}'));
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  service.closeAllConnections();
  service.close();
  await broker.stop();
  await rm(folder, { recursive: true });
});

/** Starts an agent whose sensors are all asked: `w1/` and `sys/` of the folder, and the service. */
async function start(): Promise<Agent> {
  const path = join(folder, 'agent.yaml');
  const { port } = service.address() as AddressInfo;
  await writeFile(
    path,
    `device: cellar-1
gateway: { url: '${broker.url}', password: secret }
dataDir: ./data
flush: 50ms
sensors:
  - { id: boiler, driver: w1, root: ${join(folder, 'w1')}, interval: 1s }
  - { id: cpu, driver: hwmon, root: ${join(folder, 'sys')}, interval: 100ms, aligned: true }
  - id: room
    driver: http
    url: http://127.0.0.1:${port}/
    fields: { co2: { unit: ppm, path: now.co2 } }
    interval: 1s
`,
  );
  return startAgent(await loadAgentConfig(path, {}), { logger: silentLogger });
}

/** The values of a stream that arrived. */
function readings(sensor: string, quantity: string): (number | null)[] {
  return broker.batches.flatMap(({ sensors }) =>
    sensors.flatMap((block) => {
      if (block.sensor !== sensor || block.kind !== 'readings') return [];
      return [...(block.fields[quantity]?.v ?? [])];
    }),
  );
}

/** Reasons of the gaps of a sensor that arrived. */
function gaps(sensor: string): string[] {
  return broker.batches.flatMap(({ sensors }) =>
    sensors.flatMap((block) => (block.sensor === sensor && block.kind === 'gaps' ? block.reason : [])),
  );
}

it('carries what polled sensors say to the broker; a sensor that is away becomes a gap and stops no other', async () => {
  const zone = join(folder, 'sys', 'thermal', 'thermal_zone0');
  await mkdir(zone, { recursive: true });
  await writeFile(join(zone, 'type'), 'cpu-thermal\n');
  await writeFile(join(zone, 'temp'), '48686\n');
  agent = await start();
  await eventually(() => readings('cpu', 'temperature').length >= 3 && readings('room', 'co2').length >= 1);
  expect(readings('room', 'co2')[0]).toBe(612);
  expect(new Set(readings('cpu', 'temperature'))).toEqual(new Set([48.686]));

  expect(readings('boiler', 'temperature')).toEqual([]);
  const thermometer = join(folder, 'w1', '28-00000283602d');
  await mkdir(thermometer, { recursive: true });
  await writeFile(join(thermometer, 'w1_slave'), await readFile(scratchpad));
  await eventually(() => readings('boiler', 'temperature').length > 0);
  expect(readings('boiler', 'temperature')[0]).toBe(23.125);

  await rm(zone, { recursive: true });
  const before = broker.batches.length;
  await eventually(() => broker.batches.length > before + 1);
  await mkdir(zone, { recursive: true });
  await writeFile(join(zone, 'type'), 'cpu-thermal\n');
  await writeFile(join(zone, 'temp'), '50000\n');
  await eventually(() => gaps('cpu').includes('poll-failed'));
  await agent.stop();
  const count = readings('cpu', 'temperature').length;
  expect(broker.batches.at(-1)?.ledger['cpu/temperature']).toMatchObject({ taken: count, batched: count });
});
