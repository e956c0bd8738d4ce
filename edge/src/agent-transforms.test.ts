import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startAgent, type Agent } from './agent.ts';
import { loadAgentConfig } from './config/load-agent-config.ts';
import { silentLogger } from './logger.ts';
import { eventually } from './testing/eventually.ts';
import { TestBroker } from './testing/test-broker.ts';
import { TestPort } from './testing/test-port.ts';

let folder: string;
let broker: TestBroker;
let port: TestPort;
let agent: Agent | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldline-transforms-'));
  broker = await TestBroker.start();
  port = new TestPort(join(folder, 'port'));
});

afterEach(async () => {
  await agent?.stop();
  port.unplug();
  await broker.stop();
  await rm(folder, { recursive: true });
});

/** What arrived of the thermometer: value and quality. */
function arrived(): [value: number, quality: number, unit: string][] {
  const blocks = broker.batches.flatMap(({ sensors }) => sensors.filter(({ kind }) => kind === 'readings'));
  return blocks.flatMap((block) => {
    const field = block.kind === 'readings' ? block.fields['temperature'] : undefined;
    return [...(field?.v ?? [])].map((value, row): [number, number, string] => [
      value,
      field?.q?.[row] ?? 0,
      field?.unit ?? '',
    ]);
  });
}

it('an agent converts, marks and thins what a real line gives; a stop sends what was held, and the account adds up', async () => {
  const path = join(folder, 'agent.yaml');
  await writeFile(
    path,
    `device: attic-1
gateway: { url: '${broker.url}', password: secret }
dataDir: ./data
flush: 50ms
sensors:
  - id: air
    driver: thermometer
    port: ${join(folder, 'port')}
    streams:
      temperature:
        unit: degF
        transforms:
          - units: { to: Cel }
          - range: { max: 60, action: bad }
          - swinging-door: { deviation: 1, maxInterval: 1h }
`,
  );
  agent = await startAgent(await loadAgentConfig(path, {}), { logger: silentLogger });
  const account = () => broker.batches.at(-1)?.ledger['air/temperature'];
  await eventually(() => {
    port.write('68\n');
    return account()?.open === 1;
  });
  port.write('212\n68\n');
  await eventually(() => {
    port.write('68\n');
    const { open = 0, filtered = 0 } = account() ?? {};
    return open === 1 && filtered > 0 && arrived().some(([value]) => value > 99);
  });
  await agent.stop();
  const readings = arrived().map(([value, ...rest]) => [Math.round(value * 1e9) / 1e9, ...rest]);
  expect(new Set(readings.map(String))).toEqual(new Set(['20,0,Cel', '100,2,Cel']));
  expect(readings.filter(([value]) => value === 100)).toHaveLength(1);
  expect(readings.at(-1)).toEqual([20, 0, 'Cel']);
  const { taken = 0, filtered = 0, batched, open, lost } = account() ?? {};
  expect({ batched, open, lost }).toEqual({ batched: readings.length, open: 0, lost: 0 });
  expect(taken).toBe(filtered + readings.length);
  expect(filtered).toBeGreaterThan(0);
});
