import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, type RunningGateway } from '@fieldline/gateway';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SensorPipeline } from '../../edge/src/aggregator/sensor-pipeline.ts';
import { systemTimers } from '../../edge/src/bindings/timers.ts';
import { Ledger } from '../../edge/src/ledger/ledger.ts';
import { silentLogger } from '../../edge/src/logger.ts';
import type { SealedSensors } from '../../edge/src/outbox/draft-maker.ts';
import { MemoryQueue } from '../../edge/src/outbox/memory-queue.ts';
import { Outbox } from '../../edge/src/outbox/outbox.ts';
import { Sealer } from '../../edge/src/outbox/sealer.ts';
import type { WhenFull } from '../../edge/src/outbox/when-full.ts';
import { Uplink } from '../../edge/src/uplink/uplink.ts';
import { eventually } from '../services/wait.ts';

/**
 * Eight hours without a gateway, compressed: the clock is injected; journal, MQTT, gateway and store are real.
 * One reading a second, as windows of ten seconds and as they are; a flush every ten seconds.
 */
const device = 'station-1';
const outageSec = 8 * 3600;
const flushSec = 10;
const backlogBatchesPerSec = 150;
const startUs = Date.UTC(2026, 5, 1) * 1000;

let home: string;
let gateway: RunningGateway;
let outbox: Outbox;
let uplink: Uplink | undefined;
let nowUs: number;
let recorded: { atUs: number; value: number }[];
const clock = { nowUs: () => nowUs, quality: () => 'synced' as const };

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fieldline-outage-'));
  const listen = { host: '127.0.0.1', port: 0 };
  gateway = await startGateway({ home: join(home, 'gateway'), http: listen, mqtt: listen });
  nowUs = startUs;
  recorded = [];
});

async function openOutbox(limits: { maxBytes: number; whenFull?: WhenFull }): Promise<void> {
  const directory = join(home, 'outbox');
  outbox = await Outbox.open({ directory, maxAgeUs: 1e15, clock, logger: silentLogger, ...limits });
}

afterEach(async () => {
  await uplink?.stop(0);
  await outbox.close();
  await gateway.stop();
  await rm(home, { recursive: true });
});

const memory = new MemoryQueue(1e6);

/** The device's stages from the aggregator to the outbox, with one sensor that is carried both ways. */
function makeDevice() {
  const ledger = new Ledger();
  const shared = { type: 'thermometer', latenessUs: 0, startedAtUs: 0, ledger };
  const stream = { quantity: 'temperature', unit: 'Cel', sketch: true };
  const raw = [{ ...stream, window: 'none', windowUs: 0 }];
  const windowed = [{ ...stream, window: '10s', windowUs: 10_000_000 }];
  const pipelines = [
    new SensorPipeline({ sensor: 'air', streams: raw, ...shared }),
    new SensorPipeline({ sensor: 'soil', streams: windowed, ...shared }),
  ];
  const sensors: SealedSensors = {
    close: (atUs, last) => {
      for (const each of pipelines) {
        if (last) each.closeAll(atUs);
        else each.closeDue(atUs);
      }
    },
    cut: () => undefined,
    generations: () => [{ configVersion: 0, pipelines }],
    pipeline: () => undefined,
  };
  const isOnline = (): boolean => uplink?.isOnline ?? false;
  const about = { device, bootId: 'boot', logger: silentLogger };
  const sealer = new Sealer({ ...about, sensors, ledger, outbox, memory, clock, isOnline });
  const passSecond = (): void => {
    nowUs += 1_000_000;
    const value = 20 + Math.round(500 * Math.sin(recorded.length / 1000)) / 100;
    recorded.push({ atUs: nowUs, value });
    for (const each of pipelines) each.emit(Float64Array.of(nowUs), [Float64Array.of(value)]);
  };
  return { sealer, passSecond };
}

async function connect(): Promise<void> {
  const token = (await readFile(join(home, 'gateway', 'admin.token'), 'utf8')).trim();
  const answer = await fetch(`${gateway.httpUrl}/api/v1/devices`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: device }),
  });
  const { password } = (await answer.json()) as { password: string };
  uplink = new Uplink({
    device,
    gateway: { url: gateway.mqttUrl, password },
    ...{ keepaliveSec: 10, backlogBatchesPerSec, inFlightMax: 8, outbox, memory },
    ...{ timers: systemTimers, logger: silentLogger, commands: {} },
    reported: () => ({ version: 0, state: 'applied', errors: [], config: {} }),
    acknowledged: () => undefined,
    desired: () => undefined,
    status: (online) => ({
      ...{ online, agentVersion: '0', configVersion: 0, bootId: 'boot', clock: 'synced', startedAt: startUs },
    }),
  });
  uplink.start();
  await eventually('the connection', () => (uplink?.isOnline ? true : undefined));
}

async function get<Answer>(path: string): Promise<Answer> {
  return (await (await fetch(`${gateway.httpUrl}/api/v1/${path}`)).json()) as Answer;
}

interface QueryAnswer {
  windowUs: number;
  t: number[];
  count: number[];
  mean: number[];
  min: number[];
  max: number[];
}

function query(sensor: string): Promise<QueryAnswer> {
  const range = `from=${startUs}&to=${nowUs + 10_000_000}&points=500`;
  return get<QueryAnswer>(`query?stream=${device}/${sensor}/temperature&${range}`);
}

/** Every bucket of the answer, and what the record has in its time. */
async function compareWithRecord(sensor: string): Promise<void> {
  const answer = await query(sensor);
  expect(answer.count.reduce((sum, count) => sum + count, 0)).toBe(recorded.length);
  answer.t.forEach((fromUs, index) => {
    const own = recorded.filter(({ atUs }) => atUs >= fromUs && atUs < fromUs + answer.windowUs);
    const values = own.map(({ value }) => value);
    expect(answer.count[index]).toBe(values.length);
    if (values.length === 0) return;
    expect(answer.mean[index]).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 9);
    expect([answer.min[index], answer.max[index]]).toEqual([Math.min(...values), Math.max(...values)]);
  });
}

/** Seals live batches while there is a backlog; answers how long each took to its acknowledgement, in ms. */
async function sealLive(passSecond: () => void, sealer: Sealer, backlogEnd: number): Promise<number[]> {
  const sealedAtMs = new Map<number, number>();
  const latenciesMs: number[] = [];
  const acknowledge = outbox.acknowledge.bind(outbox);
  vi.spyOn(outbox, 'acknowledge').mockImplementation((offset) => {
    acknowledge(offset);
    const atMs = sealedAtMs.get(offset);
    if (atMs !== undefined) latenciesMs.push(performance.now() - atMs);
  });
  while (outbox.firstWaiting < backlogEnd) {
    passSecond();
    sealedAtMs.set(outbox.nextOffset, performance.now());
    await sealer.flush();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return latenciesMs;
}

const isNumber = (value: number | null): value is number => value !== null;

async function expectComplete(sealer: Sealer): Promise<void> {
  await sealer.finish();
  await eventually('the last acknowledgement', () =>
    outbox.firstWaiting === outbox.nextOffset ? true : undefined,
  );
  await eventually('all readings in the store', async () => {
    const { total } = await get<{ total: { stored: number } }>('ledger');
    return total.stored === 2 * recorded.length ? true : undefined;
  });
  const { total } = await get<{ total: Record<string, number> }>(`ledger?device=${device}`);
  expect(total).toMatchObject({ taken: 2 * recorded.length, unaccounted: 0, underWay: 0, lost: 0 });
}

describe('an outage of eight hours', () => {
  it('drains beside live batches that go out at once, and leaves windows and account complete', async () => {
    await openOutbox({ maxBytes: 1e9 });
    const { sealer, passSecond } = makeDevice();
    for (let second = 1; second <= outageSec; second++) {
      passSecond();
      if (second % flushSec === 0) await sealer.flush();
    }
    const backlogEnd = outbox.nextOffset;
    expect(backlogEnd).toBe(outageSec / flushSec);

    const connectedAtMs = performance.now();
    await connect();
    const latenciesMs = await sealLive(passSecond, sealer, backlogEnd);
    const drainSec = (performance.now() - connectedAtMs) / 1000;
    // The rate is capped, and used.
    expect(drainSec).toBeGreaterThan(backlogEnd / backlogBatchesPerSec - 1);
    expect(latenciesMs.length).toBeGreaterThan(100);
    const p99Ms = latenciesMs.sort((a, b) => a - b)[Math.floor(latenciesMs.length * 0.99)] ?? Infinity;
    // Without a lane of its own a live batch would wait for the whole backlog.
    expect(p99Ms).toBeLessThan(1000);

    await expectComplete(sealer);
    await compareWithRecord('air');
    await compareWithRecord('soil');
  }, 180_000);

  it('in an outbox that is far too small keeps its shape as coarser windows, and loses no reading', async () => {
    await openOutbox({ maxBytes: 400_000, whenFull: 'thin' });
    const { sealer, passSecond } = makeDevice();
    for (let second = 1; second <= outageSec; second++) {
      passSecond();
      if (second % flushSec === 0) await sealer.flush();
    }
    expect(outbox.counters().droppedBatches).toBeGreaterThan(100);
    await connect();
    await expectComplete(sealer);
    const answer = await query('air');
    expect(answer.count.reduce((sum, count) => sum + count, 0)).toBe(recorded.length);
    const values = recorded.map(({ value }) => value);
    const extremes = [Math.min(...answer.min.filter(isNumber)), Math.max(...answer.max.filter(isNumber))];
    expect(extremes).toEqual([Math.min(...values), Math.max(...values)]);
  }, 180_000);
});
