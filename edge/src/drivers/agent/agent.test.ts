import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch } from '@fieldline/protocol';
import { startAgent, type Agent } from '../../agent.ts';
import { loadAgentConfig } from '../../config/load-agent-config.ts';
import { ledgerDifferences } from '../../ledger/ledger.ts';
import { silentLogger } from '../../logger.ts';
import { eventually } from '../../testing/eventually.ts';
import { TestBroker } from '../../testing/test-broker.ts';
import { TestPort } from '../../testing/test-port.ts';
import { agent as driver } from './agent.ts';

let folder: string;
let broker: TestBroker;
let port: TestPort;
let running: Agent | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldline-self-'));
  broker = await TestBroker.start();
  port = new TestPort(join(folder, 'port'));
});

afterEach(async () => {
  await running?.stop();
  running = undefined;
  port.unplug();
  await broker.stop();
  await rm(folder, { recursive: true });
});

/** The values of a quantity in all batches, in order; absent ones left out. */
function valuesOf(batches: readonly Batch[], quantity: string): number[] {
  return batches
    .flatMap(({ sensors }) => sensors)
    .flatMap((block) => (block.kind === 'readings' && block.type === 'agent' ? [block.fields[quantity]] : []))
    .flatMap((column) => [...(column?.v ?? [])].filter((value) => !Number.isNaN(value)));
}

describe('an agent that lists itself', () => {
  it('tells its own figures as readings, counted like any other', async () => {
    const file = join(folder, 'agent.yaml');
    await writeFile(
      file,
      `device: a-1
gateway: { url: '${broker.url}', password: secret }
dataDir: ./data
flush: 50ms
sensors:
  - { id: agent, driver: agent, interval: 200ms }
  - { id: air, driver: thermometer, port: '${join(folder, 'port')}', window: none }
`,
    );
    running = await startAgent(await loadAgentConfig(file, {}), { logger: silentLogger });
    await eventually(() => {
      port.write('T=20.00\r\nno temperature\r\n');
      return valuesOf(broker.batches, 'serial_errors').some((value) => value > 0);
    });
    await eventually(() => valuesOf(broker.batches, 'disk_per_reading').some((value) => value > 0));
    const memory = valuesOf(broker.batches, 'memory');
    expect(Math.min(...memory)).toBeGreaterThan(20e6);
    expect(valuesOf(broker.batches, 'cpu').every((value) => value >= 0 && value < 400)).toBe(true);
    expect(Math.max(...valuesOf(broker.batches, 'queue_bytes'))).toBeGreaterThan(0);
    expect(valuesOf(broker.batches, 'queue_batches').length).toBe(memory.length);
    expect(Math.max(...valuesOf(broker.batches, 'clock_offset').map(Math.abs))).toBeLessThan(60);
    const ledger: Batch['ledger'] = broker.batches.at(-1)?.ledger ?? {};
    expect(ledger['agent/memory']?.taken).toBeGreaterThan(1);
    expect(ledgerDifferences(ledger)).toEqual([]);
  });
});

it.each([{ interval: '1ms' }, { port: 'x' }])('settings %j are refused', (settings) => {
  expect(driver.bind(settings).ok).toBe(false);
});
