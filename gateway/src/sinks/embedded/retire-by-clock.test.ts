import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { batchOf } from '../../gateway-rig.ts';
import { EmbeddedStore } from './embedded-store.ts';
import { keepForever } from './rollups/retention.ts';

const hourUs = 3_600_000_000;
/** Time of the first reading of `batchOf`. */
const firstUs = 1_700_000_000_000_000;

let directory: string;
let nowUs: number;
let store: EmbeddedStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fieldline-retire-'));
  nowUs = firstUs + 2 * hourUs;
  const keepUs = { ...keepForever, readings: hourUs };
  store = new EmbeddedStore({ path: join(directory, 'store.db'), nowUs: () => nowUs, keepUs });
  await store.open();
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

/** Stores ten readings, a second apart, `hours` after the first. */
async function write(seq: number, hours: number): Promise<void> {
  const batch = batchOf('porch', seq, { readings: 10, before: hours * 3600 });
  expect(await store.write([{ offset: seq, batch, receivedAtUs: nowUs }])).toEqual({ kind: 'stored' });
}

async function readingsKept(): Promise<number> {
  const streams = [{ device: 'porch', sensor: 'air', quantity: 'temperature' }];
  const page = await store.page({
    stream: streams[0]!,
    fromUs: firstUs,
    toUs: firstUs + 99 * hourUs,
    rows: 100,
  });
  return page.ok ? page.value.readings.t.length : -1;
}

test('readings go by their age', async () => {
  await write(1, 0);
  await write(2, 2);
  await store.retire();
  expect(await readingsKept()).toBe(10);
});

test('a clock that jumps ten years ahead removes nothing that is not old', async () => {
  await write(1, 0);
  await write(2, 2);
  nowUs += 10 * 365 * 24 * hourUs;
  await store.retire();
  expect(await readingsKept()).toBe(10);
});

test('a clock that is behind the readings keeps them longer', async () => {
  await write(1, 0);
  await write(2, 2);
  nowUs = firstUs;
  await store.retire();
  expect(await readingsKept()).toBe(20);
});

test('an empty store has nothing to remove', async () => {
  await store.retire();
  expect(await store.streams()).toEqual([]);
});
