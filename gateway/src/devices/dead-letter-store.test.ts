import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openGatewayDatabase } from '../home/gateway-database.ts';
import type { NewDeadLetter } from '../parts.ts';
import { DeadLetterStore, type DeadLetterLimits } from './dead-letter-store.ts';

let database: DatabaseSync;
let nowUs = 0;

beforeEach(() => {
  database = openGatewayDatabase(':memory:');
});
afterEach(() => database.close());

function open(limits: Partial<DeadLetterLimits> = {}): DeadLetterStore {
  const clock = { nowUs: () => ++nowUs };
  return new DeadLetterStore(database, {
    lettersMax: 1000,
    payloadBytes: 4,
    storeBytes: 1e6,
    ...limits,
    clock,
  });
}

function letter(payload: string, about: Partial<NewDeadLetter> = {}): NewDeadLetter {
  const bytes = Buffer.from(payload);
  const named = { device: 'porch', topic: 'fieldline/v1/porch/batch', code: 'BATCH_INVALID' as const };
  return { ...named, detail: '', payload: bytes, sizeBytes: bytes.length, ...about };
}

describe('DeadLetterStore', () => {
  test('keeps payloads whole, and shows their first bytes', () => {
    const store = open();
    store.add(letter('a long payload'));
    const [kept] = store.list({ limit: 10 });
    expect(kept).toMatchObject({ count: 1, sizeBytes: 14, isReplayable: true });
    expect(Buffer.from(kept?.payload ?? '', 'base64url').toString()).toBe('a lo');
    expect(Buffer.from(store.payload(kept?.id ?? 0)?.payload ?? []).toString()).toBe('a long payload');
  });

  test('counts the same payload refused again for the same reason, and nothing else, as one letter', () => {
    const store = open();
    for (const each of [letter('one'), letter('one'), letter('two'), letter('one', { device: 'attic' })])
      store.add(each);
    store.add(letter('one', { code: 'STREAM_LIMIT' }));
    expect(store.list({ limit: 10 }).map(({ device, code, count }) => [device, code, count])).toEqual([
      ['porch', 'STREAM_LIMIT', 1],
      ['attic', 'BATCH_INVALID', 1],
      ['porch', 'BATCH_INVALID', 1],
      ['porch', 'BATCH_INVALID', 2],
    ]);
    expect(Object.fromEntries(store.ofDevice('porch'))).toEqual({ BATCH_INVALID: 2, STREAM_LIMIT: 1 });
  });

  test('lists by device and reason, page by page', () => {
    const store = open();
    for (let index = 0; index < 5; index++) store.add(letter(`payload ${index}`));
    store.add(letter('another', { device: 'attic', code: 'STREAM_LIMIT' }));
    const ids = (filter: object) => store.list({ limit: 2, ...filter }).map(({ id }) => id);
    expect(ids({ device: 'porch' })).toEqual([5, 4]);
    expect(ids({ device: 'porch', before: 4 })).toEqual([3, 2]);
    expect(ids({ code: 'STREAM_LIMIT' })).toEqual([6]);
    expect(ids({ device: "porch' OR '1'='1" })).toEqual([]);
  });

  test('cuts the oldest to their first bytes when all together take too much room', () => {
    const store = open({ storeBytes: 1000 });
    for (let index = 0; index < 250; index++) store.add(letter(`payload ${index} ${'x'.repeat(80)}`));
    const letters = store.list({ limit: 1000 });
    expect(letters).toHaveLength(250);
    expect(letters.at(-1)).toMatchObject({ isReplayable: false, sizeBytes: 90 });
    const stored = database.prepare('SELECT sum(length(payload)) AS n FROM dead_letters').get();
    // Every letter keeps its first bytes.
    expect(Number(stored?.n)).toBeLessThanOrEqual(1000 + 250 * 4);
    expect(store.payload(1)?.payload).toHaveLength(4);
  });

  test('what came only in part, and what a store refused, can be seen and not replayed', () => {
    const store = open();
    store.add(letter('beginning', { code: 'BATCH_TOO_LARGE', sizeBytes: 1e6 }));
    store.add(letter('a line', { code: 'SINK_STEP_FAILED' }));
    expect(store.list({ limit: 10 }).map(({ isReplayable }) => isReplayable)).toEqual([false, false]);
  });

  test('a device that makes up messages without end pushes out its own letters, not those of others', () => {
    const store = open({ lettersMax: 400 });
    store.add(letter('the one of the attic', { device: 'attic' }));
    for (let index = 0; index < 1000; index++) store.add(letter(`payload ${index}`));
    expect(store.list({ device: 'attic', limit: 10 })).toHaveLength(1);
    const ofPorch = store.list({ device: 'porch', limit: 1000 });
    expect(ofPorch.length).toBeLessThanOrEqual(200);
    expect(store.ofDevice('porch').get('BATCH_INVALID')).toBe(ofPorch.length);
  });

  test('letters that come together are durable together, each told', async () => {
    const store = open();
    await Promise.all(Array.from({ length: 50 }, (_, index) => store.addSoon(letter(`payload ${index}`))));
    expect(open().list({ limit: 100 })).toHaveLength(50);
  });

  test('none of those is told where the disk takes none', async () => {
    const store = open();
    database.exec(
      "CREATE TEMP TRIGGER full BEFORE INSERT ON dead_letters BEGIN SELECT raise(ABORT, 'full'); END",
    );
    const outcomes = await Promise.allSettled([store.addSoon(letter('one')), store.addSoon(letter('two'))]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    database.exec('DROP TRIGGER full');
    await store.addSoon(letter('one'));
    expect(store.list({ limit: 10 })).toHaveLength(1);
    expect(store.ofDevice('porch').get('BATCH_INVALID')).toBe(1);
  });

  test('gives a letter that is refused anew the reason of now, and forgets what is taken away', () => {
    const store = open();
    store.add(letter('one'));
    store.explain(1, { code: 'STREAM_LIMIT', detail: 'Too many.' });
    expect(store.get(1)).toMatchObject({ code: 'STREAM_LIMIT', detail: 'Too many.' });
    expect(Object.fromEntries(store.ofDevice('porch'))).toEqual({ STREAM_LIMIT: 1 });
    expect([store.remove(1), store.remove(1)]).toEqual([true, false]);
    expect(store.ofDevice('porch').size).toBe(0);
  });
});

test('a file of the first version keeps its letters', () => {
  const directory = mkdtempSync(join(tmpdir(), 'fieldline-letters-'));
  const path = join(directory, 'gateway.db');
  const old = new DatabaseSync(path);
  old.exec(`CREATE TABLE dead_letters (
      id INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL, device TEXT NOT NULL, topic TEXT NOT NULL,
      code TEXT NOT NULL, detail TEXT NOT NULL, size_bytes INTEGER NOT NULL, payload BLOB NOT NULL);
    INSERT INTO dead_letters (at_us, device, topic, code, detail, size_bytes, payload)
      VALUES (7, 'porch', 't', 'BATCH_INVALID', '', 3, x'616263');
    CREATE TABLE received (device TEXT, epoch TEXT, ranges TEXT, PRIMARY KEY (device, epoch)) WITHOUT ROWID;
    CREATE TABLE digests (device TEXT, epoch TEXT, seq INTEGER, digest TEXT);
    PRAGMA user_version = 1`);
  old.close();
  database.close();
  database = openGatewayDatabase(path);
  const store = open();
  expect(store.get(1)).toMatchObject({ atUs: 7, lastAtUs: 7, count: 1, isReplayable: false });
  store.add(letter('abc'));
  expect(store.list({ limit: 10 })).toHaveLength(2);
  rmSync(directory, { recursive: true });
});
