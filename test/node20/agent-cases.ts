import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import type { Batch } from '@fieldline/protocol';
import { ledgerDifferences } from '../../edge/src/ledger/ledger.ts';
import { eventually } from '../../edge/src/testing/eventually.ts';
import { TestBroker } from '../../edge/src/testing/test-broker.ts';
import { TestPort } from '../../edge/src/testing/test-port.ts';

/**
 * The bundled agent under node:test, on the Node that runs this file: a pseudo-terminal, the bundle as a process
 * of its own with the flags of its unit, and a real broker. `FIELDLINE_AGENT_BUNDLE` names the bundle,
 * `FIELDLINE_AGENT_FLAGS` the flags.
 */
const bundle = process.env['FIELDLINE_AGENT_BUNDLE'] ?? '';
const flags = (process.env['FIELDLINE_AGENT_FLAGS'] ?? '').split(' ').filter((flag) => flag !== '');
const device = 'old-1';
const reportedTopic = `fieldline/v1/${device}/config/reported`;

const folder = mkdtempSync(join(tmpdir(), 'fieldline-node-20-'));
let broker: TestBroker;
let port: TestPort;
let agent: ChildProcess | undefined;
/** Readings that were written to the port: each has the value of its number, in hundredths of a degree. */
let written = 0;

before(async () => {
  broker = await TestBroker.start();
  port = new TestPort(join(folder, 'port'));
  writeFileSync(
    join(folder, 'agent.yaml'),
    `device: ${device}\ngateway: { url: '${broker.url}', password: secret }\ndataDir: ./data\nflush: 50ms\nsensors:\n${sensorYaml}`,
  );
});

const sensorYaml = `  - { id: air, driver: thermometer, port: '${join(folder, 'port')}', window: none }\n`;

afterEach(async () => {
  const running = agent;
  agent = undefined;
  if (running?.exitCode !== null || running.signalCode !== null) return;
  const ended = once(running, 'exit');
  running.kill('SIGTERM');
  await ended;
});

after(async () => {
  await broker.stop();
  port.unplug();
  rmSync(folder, { recursive: true });
});

function startAgent(): ChildProcess {
  agent = spawn(process.execPath, [...flags, bundle, '--config', join(folder, 'agent.yaml')], {
    env: { ...process.env, FIELDLINE_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return agent;
}

/** A line each look, until one of them has arrived: what came before the port was open is gone. */
async function deliverOne(): Promise<void> {
  const from = written;
  await eventually(() => {
    writeLine();
    return delivered().some((value) => value > from);
  });
}

function writeLine(): void {
  written += 1;
  port.write(`T=${(written / 100).toFixed(2)}\r\n`);
}

/** The numbers of the readings in the batches, in the order of arrival; a batch counts once. */
function delivered(): number[] {
  const byName = new Map(broker.batches.map((batch) => [`${batch.epoch}/${batch.seq}`, batch]));
  return [...byName.values()].flatMap(numbersOf);
}

function numbersOf({ sensors }: Batch): number[] {
  return sensors.flatMap((block) => {
    const values = block.kind === 'readings' ? block.fields['temperature']?.v : undefined;
    return [...(values ?? [])].flatMap((value) => (Number.isNaN(value) ? [] : [Math.round(value * 100)]));
  });
}

void test('starts, reads a port and delivers its readings', async () => {
  startAgent();
  await deliverOne();
  const newest = broker.batches.at(-1);
  assert.equal(newest?.device, device);
  assert.equal(newest.sensors[0]?.type, 'thermometer');
});

void test('after kill -9 it delivers in the same epoch, no reading twice, and what it lost is declared', async () => {
  const killed = startAgent();
  await deliverOne();
  const { epoch } = broker.batches.at(-1) ?? {};
  for (let line = 0; line < 50; line++) writeLine();
  const ended = once(killed, 'exit');
  killed.kill('SIGKILL');
  await ended;
  startAgent();
  await deliverOne();
  const newest = broker.batches.at(-1);
  assert.equal(newest?.epoch, epoch);
  const all = delivered();
  assert.equal(new Set(all).size, all.length);
  assert.deepEqual(ledgerDifferences(newest?.ledger ?? {}), []);
});

void test('runs a configuration of the gateway, and refuses a wrong one with its reason', async () => {
  startAgent();
  await deliverOne();
  const config = { flush: '60ms', sensors: [{ ...airSensor, type: 'thermo' }] };
  broker.publish(`fieldline/v1/${device}/config/desired`, { version: 7, config }, true);
  await eventually(() => answered(7) === 'applied');
  const from = broker.batches.length;
  await eventually(() => {
    writeLine();
    return broker.batches.slice(from).some(({ sensors }) => sensors.some(({ type }) => type === 'thermo'));
  });
  broker.publish(`fieldline/v1/${device}/config/desired`, { version: 8, config: { sensors: 5 } }, true);
  await eventually(() => answered(8) === 'rejected');
});

const airSensor = { id: 'air', driver: 'thermometer', port: join(folder, 'port'), window: 'none' };

function answered(version: number): string | undefined {
  const reported = broker.last(reportedTopic) as { version: number; state: string } | undefined;
  return reported?.version === version ? reported.state : undefined;
}
