import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
  folder = await mkdtemp(join(tmpdir(), 'fieldline-agent-'));
  broker = await TestBroker.start();
  port = new TestPort(join(folder, 'port'));
});

afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  port.unplug();
  await broker.stop();
  await rm(folder, { recursive: true });
});

async function start(sensor: string): Promise<Agent> {
  const path = join(folder, 'agent.yaml');
  await writeFile(
    path,
    `device: greenhouse-1
gateway: { url: '${broker.url}', password: secret }
dataDir: ./data
flush: 50ms
sensors:
  - id: air
    driver: thermometer
    port: ${join(folder, 'port')}
${sensor}`,
  );
  return startAgent(await loadAgentConfig(path, {}), { logger: silentLogger });
}

/** The values of the readings that arrived, in order of arrival. */
function values(): number[] {
  return broker.batches.flatMap(({ sensors }) =>
    sensors.flatMap((block) =>
      block.kind === 'readings' ? [...(block.fields['temperature']?.v ?? [])] : [],
    ),
  );
}

/** Writes until the first reading arrived: the port has been opened. */
async function writeUntilRead(line: string): Promise<void> {
  await eventually(() => {
    if (values().length > 0) return true;
    port.write(line);
    return undefined;
  });
}

describe('an agent with a thermometer on a real pseudo-terminal', () => {
  it('carries each reading to the broker once, with an account that adds up', async () => {
    agent = await start('');
    await writeUntilRead('20.5\n');
    const before = values().length;
    for (let index = 0; index < 100; index++) port.write(`T=${index / 10}C\n`);
    await eventually(() => values().length >= before + 100);
    await agent.stop();
    expect(values().slice(-100)).toEqual(Array.from({ length: 100 }, (_, index) => index / 10));
    const last = broker.batches.at(-1);
    const count = values().length;
    expect(last?.ledger['air/temperature']).toEqual({
      taken: count,
      filtered: 0,
      refused: 0,
      lost: 0,
      open: 0,
      batched: count,
    });
    expect(broker.last('fieldline/v1/greenhouse-1/status')).toMatchObject({ online: false });
  });

  it('closes windows at a stop as partial, and keeps nothing open', async () => {
    agent = await start('    window: 1h\n    sketch: true\n');
    await eventually(() => {
      port.write('20.5\n');
      return (broker.batches.at(-1)?.ledger['air/temperature']?.open ?? 0) > 10;
    });
    await agent.stop();
    const window = broker.batches.at(-1)?.sensors[0];
    const ledger = broker.batches.at(-1)?.ledger['air/temperature'];
    expect(ledger?.open).toBe(0);
    expect(ledger?.batched).toBe(ledger?.taken);
    if (window?.kind !== 'windows') throw new Error('expected windows');
    expect(window.partial).toEqual(new Uint8Array([1]));
    expect(window.window).toBe('1h');
    expect(window.fields['temperature']?.count[0]).toBe(ledger?.taken);
    expect(window.fields['temperature']?.sketch?.[0]).toBeInstanceOf(Uint8Array);
  });
});
