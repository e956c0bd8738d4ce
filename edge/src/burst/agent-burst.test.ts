import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReadingsBlock } from '@fieldline/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startAgent, type Agent } from '../agent.ts';
import { loadAgentConfig } from '../config/load-agent-config.ts';
import { silentLogger } from '../logger.ts';
import { eventually } from '../testing/eventually.ts';
import { TestBroker } from '../testing/test-broker.ts';
import { TestPort } from '../testing/test-port.ts';

let folder: string;
let broker: TestBroker;
let port: TestPort;
let agent: Agent;

const config = (url: string, link: string): string => `device: greenhouse-1
gateway: { url: '${url}', password: secret }
dataDir: ./data
flush: 50ms
sensors:
  - id: air
    driver: thermometer
    port: ${link}
    window: count:4
    lateness: 10ms
    streams:
      temperature:
        transforms:
          - calibrate: { linear: { scale: 2, offset: 0 } }
          - range: { max: 50 }
        burst: { before: 30s, after: 0s, level: { value: 90 } }
`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldline-burst-'));
  broker = await TestBroker.start();
  port = new TestPort(join(folder, 'port'));
  const path = join(folder, 'agent.yaml');
  await writeFile(path, config(broker.url, join(folder, 'port')));
  agent = await startAgent(await loadAgentConfig(path, {}), { logger: silentLogger });
});

afterEach(async () => {
  await agent.stop();
  port.unplug();
  await broker.stop();
  await rm(folder, { recursive: true });
});

function bursts(): ReadingsBlock[] {
  return broker.batches.flatMap(({ sensors }) =>
    sensors.flatMap((block) => (block.kind === 'readings' && block.extra ? [block] : [])),
  );
}

function taken(): number {
  return broker.batches.at(-1)?.ledger['air/temperature']?.taken ?? 0;
}

it('an agent sends what lay before a trigger, as calibrated and before the range check, beside its windows', async () => {
  await eventually(() => {
    if (taken() > 0) return true;
    port.write('1\n');
    return undefined;
  });
  for (const value of [5, 6, 45.5]) port.write(`${value}\n`);
  await eventually(() => bursts().length > 0);
  const [burst] = bursts();
  const before = (burst?.t.length ?? 0) - 3;
  expect([...(burst?.fields['temperature']?.v ?? [])]).toEqual([
    ...Array<number>(before).fill(2),
    10,
    12,
    91,
  ]);

  port.write('7\n');
  await eventually(() => taken() === before + 4);
  broker.publish('fieldline/v1/greenhouse-1/command', { id: 'c1', name: 'burst', args: { sensor: 'air' } });
  await eventually(() => broker.last('fieldline/v1/greenhouse-1/command/reply'));
  expect(broker.last('fieldline/v1/greenhouse-1/command/reply')).toMatchObject({ id: 'c1', ok: true });
  await eventually(() => bursts().length > 1);
  // The burst before has the other samples already.
  expect([...(bursts()[1]?.fields['temperature']?.v ?? [])]).toEqual([14]);

  await agent.stop();
  const windows = broker.batches.flatMap(({ sensors }) =>
    sensors.flatMap((block) => (block.kind === 'windows' ? [block] : [])),
  );
  const counts = windows.flatMap(({ fields }) => [...(fields['temperature']?.count ?? [])]);
  expect(windows[0]?.window).toBe('count:4');
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(before + 3);
  const ledger = broker.batches.at(-1)?.ledger['air/temperature'];
  expect(ledger).toMatchObject({ taken: before + 4, filtered: 1, open: 0, batched: before + 3 });
});
