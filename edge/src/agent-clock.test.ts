import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch } from '@fieldline/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAgent, type Agent } from './agent.ts';
import { DeviceClock } from './bindings/device-clock.ts';
import { loadAgentConfig } from './config/load-agent-config.ts';
import { silentLogger } from './logger.ts';
import { eventually } from './testing/eventually.ts';
import { TestBroker } from './testing/test-broker.ts';
import { TestPort } from './testing/test-port.ts';

const trueUs = Date.UTC(2026, 5, 1) * 1000;
let folder: string;
let broker: TestBroker;
let port: TestPort;
let agent: Agent | undefined;
/** What the wall clock adds to the monotonic one: at first it began in 1970. */
let wallOffsetUs: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldline-agent-clock-'));
  broker = await TestBroker.start();
  port = new TestPort(join(folder, 'port'));
  wallOffsetUs = 0;
  await writeFile(
    join(folder, 'agent.yaml'),
    `device: a-1
gateway: { url: '${broker.url}', password: secret }
dataDir: ./data
flush: 50ms
sensors: [ { id: air, driver: thermometer, port: '${folder}/port' } ]
`,
  );
});

afterEach(async () => {
  await agent?.stop();
  port.unplug();
  await broker.stop();
  await rm(folder, { recursive: true });
});

const monotonicUs = (): number => Math.floor(performance.now() * 1000);

async function start(): Promise<void> {
  const config = await loadAgentConfig(join(folder, 'agent.yaml'), {});
  const clock = new DeviceClock({
    sources: { monotonicUs, wallUs: () => monotonicUs() + wallOffsetUs, evidence: () => 'none' },
    receiver: config.clock.receiver,
  });
  agent = await startAgent(config, { logger: silentLogger, clock });
  await eventually(() => {
    port.write('20.5\n');
    return (broker.last('fieldline/v1/a-1/status') as { online?: boolean } | undefined)?.online;
  });
}

const readings = (batches: readonly Batch[]): [tUs: number, value: number][] =>
  batches.flatMap(({ sensors }) =>
    sensors.flatMap((block) =>
      block.kind === 'readings'
        ? [...block.t].map((tUs, row): [number, number] => [tUs, block.fields['temperature']?.v[row] ?? 0])
        : [],
    ),
  );

describe('an agent whose clock is a receiver', () => {
  it('boots in 1970 without a network, and delivers the right times once the receiver has a fix', async () => {
    const path = join(folder, 'agent.yaml');
    const receiver = new TestPort(join(folder, 'receiver'));
    const sensor = `{ id: position, driver: gnss, port: '${folder}/receiver' }`;
    const source = 'clock: { source: gnss, sensor: position }';
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('sensors: [', `${source}\nsensors: [ ${sensor},`));
    await start();
    port.write('31.7\n');
    const wroteUs = monotonicUs();
    let second = 0;
    const speak = setInterval(() => {
      const at = new Date(trueUs / 1000 + second * 1000).toISOString();
      const [day, time] = [at.slice(8, 10) + at.slice(5, 7) + at.slice(2, 4), at.slice(11, 19)];
      const body = `GNRMC,${time.replaceAll(':', '')},A,4730.00,N,00830.00,E,0,0,${day},,,A`;
      const sum = Buffer.from(body).reduce((xor, byte) => xor ^ byte, 0);
      receiver.write(`$${body}*${sum.toString(16).padStart(2, '0')}\r\n`);
      second += 1;
    }, 1000);
    try {
      await eventually(() => readings(broker.batches).some(([, value]) => value === 31.7), 20_000);
    } finally {
      clearInterval(speak);
    }
    const [atUs = 0] = readings(broker.batches).find(([, value]) => value === 31.7) ?? [];
    const firstSpokeUs = monotonicUs() - second * 1_000_000;
    // It was written before the receiver said `trueUs` at first.
    expect(Math.abs(atUs - (trueUs + wroteUs - firstSpokeUs))).toBeLessThan(3_000_000);
    expect(broker.batches.map(({ clock }) => clock)).not.toContain('unset');
    receiver.unplug();
  }, 60_000);
});

describe('an agent that starts in 1970', () => {
  it('sends nothing until it knows the time, and then what it read before at the right times', async () => {
    await start();
    const wroteUs = monotonicUs();
    port.write('31.7\n');
    for (let line = 0; line < 5; line++) port.write(`${line}\n`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(broker.batches).toEqual([]);
    wallOffsetUs = trueUs;
    await eventually(() => readings(broker.batches).some(([, value]) => value === 31.7));
    const [atUs = 0] = readings(broker.batches).find(([, value]) => value === 31.7) ?? [];
    expect(atUs).toBeGreaterThanOrEqual(trueUs + wroteUs);
    expect(atUs).toBeLessThan(trueUs + wroteUs + 1_000_000);
    expect(broker.batches.map(({ clock }) => clock)).not.toContain('unset');
  });

  it('keeps what it reads durable where the time stays unknown, and tells later what time that was', async () => {
    const path = join(folder, 'agent.yaml');
    await writeFile(path, `${await readFile(path, 'utf8')}clock: { settle: 200ms }\n`);
    await start();
    port.write('31.7\n');
    const unset = await eventually(() =>
      broker.batches.find((batch) => readings([batch]).some(([, value]) => value === 31.7)),
    );
    expect(unset.clock).toBe('unset');
    expect(readings([unset])).toSatisfy((all: [number][]) => all.every(([tUs]) => tUs < monotonicUs()));
    wallOffsetUs = trueUs;
    const { anchor } = await eventually(() => broker.batches.find((batch) => batch.anchor));
    expect(anchor?.bootId).toBe(unset.bootId);
    expect(Math.abs((anchor?.wallUs ?? 0) - (anchor?.monotonicUs ?? 0) - trueUs)).toBeLessThan(2000);
  });

  it('loses nothing when it is stopped: the times count from the boot, and the next start tells from when', async () => {
    await start();
    port.write('31.7\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await agent?.stop();
    const unset = broker.batches.at(-1);
    expect(unset?.clock).toBe('unset');
    expect(readings(broker.batches).at(-1)).toSatisfy(([tUs]: [number]) => tUs < monotonicUs());
    const total = readings(broker.batches).length;
    expect(unset?.ledger['air/temperature']).toMatchObject({
      taken: total,
      batched: total,
      open: 0,
      lost: 0,
    });
    wallOffsetUs = trueUs;
    await start();
    const { anchor } = await eventually(() => broker.batches.find((batch) => batch.anchor));
    expect(anchor?.bootId).toBe(unset?.bootId);
    const offsetUs = (anchor?.wallUs ?? 0) - (anchor?.monotonicUs ?? 0);
    expect(Math.abs(offsetUs - trueUs)).toBeLessThan(2000);
  });
});
