import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Desired } from '@fieldline/protocol';
import { sampleBatch } from '@fieldline/protocol/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../bindings/clock.ts';
import { systemTimers } from '../bindings/timers.ts';
import { silentLogger } from '../logger.ts';
import { MemoryQueue } from '../outbox/memory-queue.ts';
import { Outbox } from '../outbox/outbox.ts';
import { eventually } from '../testing/eventually.ts';
import { SilentLine } from '../testing/silent-line.ts';
import { TestBroker } from '../testing/test-broker.ts';
import { Uplink, type UplinkOptions } from './uplink.ts';

const device = 'greenhouse-1';
const clock = systemClock();
let directory: string;
let outbox: Outbox;
let broker: TestBroker;
let uplink: Uplink | undefined;
let wanted: Desired[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fieldline-uplink-'));
  outbox = await Outbox.open({ directory, maxBytes: 1e9, maxAgeUs: 1e15, clock, logger: silentLogger });
  broker = await TestBroker.start();
  wanted = [];
});

afterEach(async () => {
  await uplink?.stop(0);
  uplink = undefined;
  await broker.stop();
  await outbox.close();
  await rm(directory, { recursive: true });
});

function start(overrides: Partial<UplinkOptions> = {}): Uplink {
  const status = { agentVersion: '0', configVersion: 0, bootId: 'b', clock: 'synced' as const, startedAt: 1 };
  uplink = new Uplink({
    device,
    gateway: { url: broker.url, password: 'secret' },
    keepaliveSec: 10,
    backlogBatchesPerSec: 1000,
    inFlightMax: 4,
    outbox,
    memory: new MemoryQueue(1e6),
    timers: systemTimers,
    logger: silentLogger,
    commands: { ping: () => ({ pong: true }) },
    reported: () => ({ version: 0, state: 'applied', errors: [], config: { device } }),
    acknowledged: () => undefined,
    desired: (desired) => void wanted.push(desired),
    status: (online) => ({ online, ...status }),
    backoff: { firstMs: 20, maxMs: 200 },
    ...overrides,
  });
  uplink.start();
  return uplink;
}

async function seal(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const { epoch } = outbox.state;
    await outbox.seal(sampleBatch({ device, epoch, seq: outbox.nextSeq, sentAt: clock.nowUs() }));
  }
}

const seqs = (): number[] => broker.batches.map(({ seq }) => seq);
const isEmpty = (): boolean => outbox.firstWaiting === outbox.nextOffset;
const oneTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('an uplink', () => {
  it('empties the outbox, what was there before and what comes, and forgets it at the PUBACK', async () => {
    await seal(20);
    start();
    await eventually(() => seqs().length >= 20);
    await seal(5);
    await eventually(isEmpty);
    expect(seqs().toSorted((a, b) => a - b)).toEqual(oneTo(25));
  });

  it('says who it is, retained, and takes leave in order', async () => {
    const running = start();
    await eventually(() => broker.last(`fieldline/v1/${device}/config/reported`) ?? undefined);
    expect(broker.last(`fieldline/v1/${device}/status`)).toMatchObject({ online: true, bootId: 'b' });
    expect(broker.last(`fieldline/v1/${device}/config/reported`)).toMatchObject({
      state: 'applied',
      config: { device },
    });
    expect(broker.arrivals.every(({ retain }) => retain)).toBe(true);
    await running.stop(0);
    expect(broker.last(`fieldline/v1/${device}/status`)).toMatchObject({ online: false });
  });

  it('leaves a will: a broken connection says that the device is offline', async () => {
    start({ backoff: { firstMs: 60_000, maxMs: 60_000 } });
    await eventually(() => uplink?.isOnline);
    await eventually(() => broker.last(`fieldline/v1/${device}/config/reported`) ?? undefined);
    broker.kick();
    await eventually(() => !(broker.last(`fieldline/v1/${device}/status`) as { online: boolean }).online);
  });

  it('keeps a batch until it is acknowledged, with never more in flight than allowed', async () => {
    let letGo = (): void => undefined;
    start();
    await eventually(() => uplink?.isOnline);
    await eventually(() => broker.last(`fieldline/v1/${device}/config/reported`) ?? undefined);
    broker.hold = new Promise((resolve) => (letGo = resolve));
    await seal(10);
    await eventually(() => uplink?.counters.sent === 4);
    expect(outbox.firstWaiting).toBe(0);
    expect(uplink?.counters).toMatchObject({ sent: 4, acknowledged: 0 });
    letGo();
    await eventually(isEmpty);
    expect(seqs()).toEqual(oneTo(10));
  });

  it('sends again, byte for byte, what a kick left unacknowledged', async () => {
    let letGo = (): void => undefined;
    start();
    await eventually(() => broker.last(`fieldline/v1/${device}/config/reported`) ?? undefined);
    broker.hold = new Promise((resolve) => (letGo = resolve));
    await seal(3);
    await eventually(() => uplink?.counters.sent === 3);
    broker.kick();
    letGo();
    broker.hold = undefined;
    await eventually(isEmpty);
    expect(new Set(seqs())).toEqual(new Set([1, 2, 3]));
    const payloads = broker.arrivals.filter(({ topic }) => topic.endsWith('/batch'));
    expect(new Set(payloads.map(({ payload }) => payload.toString('hex'))).size).toBe(3);
  });

  it('waits longer after each kick, so that a broker that throws it out is not stormed', async () => {
    start({ backoff: { firstMs: 20, maxMs: 10_000 } });
    for (let kicks = 1; kicks <= 6; kicks++) {
      await eventually(() => (uplink?.counters.connects ?? 0) >= kicks);
      broker.kick();
    }
    await eventually(() => broker.connects.length >= 7);
    const waits = broker.connects.slice(1).map((at, index) => at - (broker.connects[index] ?? 0));
    // The sixth wait is 20 ms * 2^5, at least half of it.
    expect(waits[5]).toBeGreaterThan(320 - 5);
  });

  it('drains a backlog at its rate, while live batches go out at once', async () => {
    await seal(50);
    start({ backlogBatchesPerSec: 20 });
    await eventually(() => seqs().length >= 2);
    await seal(1);
    await eventually(() => seqs().includes(51));
    expect(seqs().length).toBeLessThan(15);
  });

  it('goes on after a wrong password was corrected at the gateway, and says so once', async () => {
    const warnings: string[] = [];
    const logger = {
      ...silentLogger,
      warn: (_about: object, message: string) => void warnings.push(message),
    };
    start({ gateway: { url: broker.url, password: 'wrong' }, logger });
    await eventually(() => broker.connects.length >= 3);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('UPLINK_REFUSED');
  });

  it('waits for a gateway that is not there yet', async () => {
    const { port, url } = broker;
    await broker.stop();
    start({ gateway: { url, password: 'secret' } });
    await seal(2);
    await eventually(() => (uplink?.counters.failures ?? 0) >= 2);
    broker = await TestBroker.start(port);
    await eventually(isEmpty);
    expect(seqs()).toEqual([1, 2]);
  });
});

describe('messages from the gateway', () => {
  const reply = (): unknown => broker.last(`fieldline/v1/${device}/command/reply`);
  const reported = (): unknown => broker.last(`fieldline/v1/${device}/config/reported`);

  beforeEach(async () => {
    start();
    await eventually(() => reported() ?? undefined);
  });

  it('are answered: a command by its result', async () => {
    broker.publish(`fieldline/v1/${device}/command`, { id: '1', name: 'ping', args: null });
    expect(await eventually(() => reply() ?? undefined)).toEqual({
      id: '1',
      ok: true,
      result: { pong: true },
    });
  });

  it.each(['explode', 'toString', '__proto__'])(
    'are answered: the unknown command %s by an error',
    async (name) => {
      broker.publish(`fieldline/v1/${device}/command`, { id: '2', name, args: null });
      const answer = await eventually(() => reply() ?? undefined);
      expect(answer).toMatchObject({
        id: '2',
        ok: false,
        error: expect.stringContaining('UPLINK_COMMAND_UNKNOWN'),
      });
    },
  );

  it('are handed over: a desired configuration, retained or not', async () => {
    broker.publish(`fieldline/v1/${device}/config/desired`, { version: 7, config: { flush: '1s' } }, true);
    expect(await eventually(() => wanted[0])).toEqual({ version: 7, config: { flush: '1s' } });
  });

  it('that are garbage stop nothing', async () => {
    broker.publish(`fieldline/v1/${device}/command`, 'garbage');
    broker.publish(`fieldline/v1/${device}/config/desired`, [1, 2]);
    broker.publish(`fieldline/v1/${device}/command`, { id: '3', name: 'ping', args: null });
    expect(await eventually(() => reply() ?? undefined)).toMatchObject({ id: '3', ok: true });
  });
});

describe('a connection that is half open', () => {
  it('is noticed within one and a half keep-alives, although live batches go on being sent into it', async () => {
    const line = await SilentLine.to(broker.port);
    try {
      start({ gateway: { url: line.url, password: 'secret' }, keepaliveSec: 2 });
      await eventually(() => uplink?.isOnline);
      await eventually(() => broker.last(`fieldline/v1/${device}/config/reported`) ?? undefined);
      const silentSince = performance.now();
      line.goSilent();
      const sealing = setInterval(() => void seal(1), 200);
      await eventually(() => uplink?.isOnline === false);
      clearInterval(sealing);
      expect(performance.now() - silentSince).toBeLessThan(1.5 * 2000 + 300);
    } finally {
      await line.close();
    }
  }, 15_000);
});
