import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Batch, DeviceSummary, ReplayAnswer } from '@fieldline/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { batchOf, publishBatch, readJournal, startRig, type GatewayRig } from '../gateway-rig.ts';
import { earliestUs } from './plausible-times.ts';

const dayUs = 24 * 3600 * 1e6;
const startUs = Date.UTC(2024, 0, 1) * 1000;
const wallUs = startUs - 3600 * 1e6;
const anchor = { bootId: 'boot-1', monotonicUs: 500e6, wallUs };

let home: string;
let nowUs: number;
let rig: GatewayRig;

const start = (limits = {}): Promise<GatewayRig> =>
  startRig({ home, limits }, undefined, { nowUs: () => nowUs });

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'fieldline-clock-'));
  nowUs = startUs;
  rig = await start();
});
afterEach(async () => {
  await rig.gateway.stop();
  rmSync(home, { recursive: true });
});

/** A batch of two readings, 100 and 101 seconds after the boot. */
function unset(seq: number, before = (seq - 1) * 2): Batch {
  const batch = batchOf('porch', seq, { readings: 2, before });
  return { ...at(batch, 100e6), clock: 'unset', sentAt: 101e6 };
}

/** The same batch with its first reading at `firstUs`, and one a second. */
function at(batch: Batch, firstUs: number): Batch {
  const sensors = batch.sensors.map((block) =>
    block.kind === 'readings' ? { ...block, t: block.t.map((_, index) => firstUs + index * 1e6) } : block,
  );
  return { ...batch, sensors };
}

function anchored(seq: number, before: number): Batch {
  return { ...at(batchOf('porch', seq, { readings: 1, before }), wallUs), anchor };
}

const connect = async () => rig.connect('porch', await rig.addDevice('porch'));
const totals = async () => (await rig.ledger()).total;

/** Times of the readings that stores were given, in the order of the journal. */
async function storedTimes(): Promise<number[]> {
  await rig.gateway.stop();
  const entries = await readJournal(home);
  return entries.flatMap(({ batch }) =>
    batch.sensors.flatMap((block) => (block.kind === 'readings' ? [...block.t] : [])),
  );
}

const placed = [wallUs - 400e6, wallUs - 399e6];

describe('a batch of a device that does not know the time', () => {
  test('is acknowledged, waits as under way, and is stored at its right times once the anchor comes', async () => {
    const client = await connect();
    await publishBatch(client, unset(1));
    expect(await totals()).toMatchObject({ taken: 2, stored: 0, underWay: 2, unaccounted: 0 });
    await publishBatch(client, anchored(2, 2));
    await expect.poll(totals).toMatchObject({ taken: 3, stored: 3, underWay: 0, unaccounted: 0 });
    expect(await storedTimes()).toEqual([wallUs, ...placed]);
  });

  test('is placed at once where the anchor came first, by the other lane', async () => {
    const client = await connect();
    await publishBatch(client, anchored(2, 2));
    await publishBatch(client, { ...unset(1), lane: 'backlog' });
    await expect.poll(totals).toMatchObject({ taken: 3, stored: 3, underWay: 0, unaccounted: 0 });
  });

  test('waits on after a restart, is stored once, and is known when it comes again', async () => {
    await publishBatch(await connect(), unset(1));
    await rig.gateway.stop();
    rig = await start();
    expect(await totals()).toMatchObject({ stored: 0, underWay: 2, unaccounted: 0 });
    await rig.post('/api/v1/devices/porch/revoke');
    const client = await connect();
    await publishBatch(client, anchored(2, 2));
    await publishBatch(client, unset(1));
    await expect.poll(totals).toMatchObject({ stored: 3, refused: 0, underWay: 0, unaccounted: 0 });
    expect(await storedTimes()).toHaveLength(3);
  });

  test('of another boot goes on waiting', async () => {
    const client = await connect();
    await publishBatch(client, { ...unset(1), bootId: 'boot-0' });
    await publishBatch(client, unset(2));
    await publishBatch(client, anchored(3, 4));
    await expect.poll(totals).toMatchObject({ taken: 5, stored: 3, underWay: 2, unaccounted: 0 });
  });

  test('becomes a dead letter when it has waited too long, and is stored by a replay when the time is told', async () => {
    const client = await connect();
    await publishBatch(client, unset(1));
    nowUs += 8 * dayUs;
    await expect.poll(totals).toMatchObject({ taken: 2, stored: 0, refused: 2, underWay: 0, unaccounted: 0 });
    const [letter] = await rig.deadLetters();
    expect(letter).toMatchObject({ code: 'CLOCK_ANCHOR_MISSING', device: 'porch', isReplayable: true });
    await rig.gateway.stop();
    rig = await start();
    expect(await totals()).toMatchObject({ taken: 2, refused: 2, underWay: 0, unaccounted: 0 });
    await rig.post('/api/v1/devices/porch/revoke');
    await publishBatch(await connect(), anchored(2, 2));
    expect(await replay(letter?.id)).toMatchObject({ outcome: 'stored' });
    await expect.poll(totals).toMatchObject({ taken: 3, stored: 3, refused: 0, underWay: 0, unaccounted: 0 });
    expect(await rig.deadLetters()).toEqual([]);
  });

  test('is refused where its anchor puts it into the future', async () => {
    const client = await connect();
    await publishBatch(client, { ...unset(1), bootId: 'boot-9' });
    await publishBatch(client, {
      ...batchOf('porch', 2, { readings: 1, before: 2 }),
      anchor: { bootId: 'boot-9', monotonicUs: -3 * dayUs, wallUs: startUs },
    });
    await expect.poll(totals).toMatchObject({ taken: 3, stored: 1, refused: 2, underWay: 0, unaccounted: 0 });
    expect(await rig.deadLetters()).toMatchObject([{ code: 'CLOCK_IMPLAUSIBLE' }]);
  });

  test('stays a dead letter where a replay gives it up once more', async () => {
    const client = await connect();
    await publishBatch(client, { ...unset(1), bootId: 'boot-9' });
    await publishBatch(client, {
      ...batchOf('porch', 2, { readings: 1, before: 2 }),
      anchor: { bootId: 'boot-9', monotonicUs: -3 * dayUs, wallUs: startUs },
    });
    await expect.poll(totals).toMatchObject({ refused: 2, underWay: 0 });
    const [letter] = await rig.deadLetters();
    await replay(letter?.id);
    await expect.poll(totals).toMatchObject({ taken: 3, stored: 1, refused: 2, underWay: 0, unaccounted: 0 });
    expect(await rig.deadLetters()).toMatchObject([{ code: 'CLOCK_IMPLAUSIBLE', isReplayable: true }]);
  });

  test('finds no room beyond the limit, and is refused by name', async () => {
    await rig.gateway.stop();
    rig = await start({ anchorWaitBytes: '4KiB' });
    const client = await connect();
    await publishBatch(client, unset(1));
    await publishBatch(client, unset(2));
    await publishBatch(client, anchored(3, 4));
    await expect.poll(totals).toMatchObject({ taken: 5, stored: 3, refused: 2, underWay: 0, unaccounted: 0 });
    expect(await rig.deadLetters()).toMatchObject([{ code: 'CLOCK_WAIT_FULL', isReplayable: true }]);
  });
});

describe('a batch of times that cannot be right', () => {
  test.each([
    ['two days ahead', startUs + 2 * dayUs],
    ['of 1970', 5e6],
    ['just before 2020', earliestUs - 1],
  ])('%s is quarantined with its device flagged, and no other device notices', async (_name, firstUs) => {
    const client = await connect();
    const other = await rig.connect('attic', await rig.addDevice('attic'));
    await publishBatch(client, at(batchOf('porch', 1, { readings: 2 }), firstUs));
    await publishBatch(other, at(batchOf('attic', 1, { readings: 2 }), startUs));
    await publishBatch(client, batchOf('porch', 2, { readings: 2 }));
    await expect.poll(totals).toMatchObject({ taken: 6, stored: 4, refused: 2, unaccounted: 0 });
    expect(await rig.deadLetters()).toMatchObject([{ code: 'CLOCK_IMPLAUSIBLE', device: 'porch' }]);
    expect(await rig.refused('CLOCK_IMPLAUSIBLE')).toBe(1);
    expect(await summary('porch')).toMatchObject({ quarantined: 1, deadLetters: 1 });
    expect(await summary('attic')).toMatchObject({ quarantined: 0, deadLetters: 0 });
  });

  test('within a day ahead, or of a backlog of years, is none', async () => {
    const client = await connect();
    await publishBatch(client, at(batchOf('porch', 1), startUs + dayUs - 1));
    await publishBatch(client, at(batchOf('porch', 2), earliestUs));
    await expect.poll(totals).toMatchObject({ taken: 2, stored: 2, refused: 0, unaccounted: 0 });
  });

  test('is stored by a replay once the clock of the gateway is right', async () => {
    const client = await connect();
    await publishBatch(client, at(batchOf('porch', 1, { readings: 3 }), startUs + 2 * dayUs));
    const [letter] = await rig.deadLetters();
    expect(await replay(letter?.id)).toMatchObject({ outcome: 'refused', code: 'CLOCK_IMPLAUSIBLE' });
    nowUs += 2 * dayUs;
    expect(await replay(letter?.id)).toMatchObject({ outcome: 'stored' });
    await expect.poll(totals).toMatchObject({ taken: 3, stored: 3, refused: 0, unaccounted: 0 });
    expect(await summary('porch')).toMatchObject({ quarantined: 0 });
  });

  test('is not judged by a gateway that does not know the time itself', async () => {
    nowUs = 60e6;
    await publishBatch(await connect(), at(batchOf('porch', 1), startUs));
    await expect.poll(totals).toMatchObject({ taken: 1, stored: 1, refused: 0 });
  });
});

async function replay(id = 0): Promise<ReplayAnswer> {
  return (await (await rig.post(`/api/v1/dead-letters/${id}/replay`)).json()) as ReplayAnswer;
}

async function summary(device: string): Promise<DeviceSummary> {
  return (await (await rig.get(`/api/v1/devices/${device}`)).json()) as DeviceSummary;
}
