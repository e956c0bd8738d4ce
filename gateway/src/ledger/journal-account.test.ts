import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal, type Journal } from '@fieldline/journal';
import { encodeBatch, type Batch } from '@fieldline/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { batchOf } from '../gateway-rig.ts';
import { openGatewayDatabase } from '../home/gateway-database.ts';
import { digestOf } from '../ingest/batch-digest.ts';
import { ReceivedBatches } from '../ingest/received-batches.ts';
import { WaitingBatches } from '../ingest/waiting-batches.ts';
import { BatchLog } from '../journal/batch-log.ts';
import { JournalAccount } from './journal-account.ts';
import { Ledger } from './ledger.ts';
import { RefusedReadings } from './refused-readings.ts';

const limits = { epochsPerDevice: 4, rangesPerEpoch: 4, digestsPerEpoch: 100 };

let home: string;
const closing: (() => Promise<void>)[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fieldline-account-'));
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  rmSync(home, { recursive: true });
});

/** What a gateway holds of a home between a start and a kill: nothing is saved unless a test says so. */
async function open(retainedBytes?: number) {
  const journal: Journal = await openJournal({
    directory: join(home, 'journal'),
    ...(retainedBytes === undefined ? {} : { retention: { bytes: retainedBytes } }),
  });
  const database = openGatewayDatabase(join(home, 'gateway.db'));
  const log = new BatchLog(journal, { inflatedBytes: 2 ** 23 });
  const received = new ReceivedBatches(database, limits);
  const ledger = new Ledger(new RefusedReadings(database));
  const waiting = new WaitingBatches(database, { ledger, bytesMax: 2 ** 20 });
  const account = new JournalAccount({ log, ledger, received, waiting, database, clock: systemClock });
  let isOpen = true;
  const kill = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await log.close();
    database.close();
  };
  closing.push(kill);
  const replayed = await account.restore();
  const add = async (batch: Batch): Promise<void> => {
    const offset = await log.append(batch, encodeBatch(batch));
    account.record(offset, batch, digestOf(batch));
  };
  const recognise = (batch: Batch) => received.recognise(batch, digestOf(batch)).kind;
  return { database, log, ledger, account, add, recognise, kill, replayed };
}

describe('after a kill', () => {
  test('names and contents are known, whether they had been saved or not', async () => {
    const before = await open();
    await before.add(batchOf('porch', 1));
    await before.account.save();
    await before.add(batchOf('porch', 2));
    await before.kill();
    const after = await open();
    expect(after.replayed).toBe(1);
    for (const seq of [1, 2]) {
      expect(after.recognise(batchOf('porch', seq))).toBe('duplicate');
      expect(after.recognise(batchOf('porch', seq, { value: 99 }))).toBe('refused');
    }
    expect(after.recognise(batchOf('porch', 3))).toBe('new');
  });

  test('nothing is forgotten of a save that failed half way', async () => {
    const before = await open();
    await before.add(batchOf('porch', 1));
    before.database.exec(`CREATE TRIGGER fail BEFORE INSERT ON accounts
      BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`);
    await expect(before.account.save()).rejects.toThrow('disk is full');
    before.database.exec('DROP TRIGGER fail');
    await before.add(batchOf('attic', 1));
    await before.account.save();
    await before.kill();
    const after = await open();
    expect(after.recognise(batchOf('porch', 1))).toBe('duplicate');
    expect(after.recognise(batchOf('porch', 1, { value: 99 }))).toBe('refused');
    expect(after.ledger.device('porch').streams().get('air/temperature')?.received).toBe(1);
  });
});

describe('a primary store that resumes before what was known to be committed', () => {
  const committed = (ledger: Ledger) => ledger.committedCounts().get('porch/air/temperature');

  test('has what it had, also where the journal has let its oldest part go', async () => {
    const { log, ledger, account, add } = await open(8192);
    for (let seq = 1; seq <= 200; seq++) {
      await add(batchOf('porch', seq));
      account.committed(await log.read(log.nextOffset - 1, { maxBytes: 1 }));
    }
    expect(log.firstOffset).toBeGreaterThan(0);
    expect(committed(ledger)).toBe(200);
    await account.resumedAt(198);
    expect(committed(ledger)).toBe(198);
    await account.resumedAt(200);
    expect(committed(ledger)).toBe(200);
  });

  test('and lost everything has what the journal gives it again', async () => {
    const { ledger, account, add, log } = await open();
    for (let seq = 1; seq <= 3; seq++) await add(batchOf('porch', seq, { readings: 4 }));
    account.committed(await log.read(0, { maxBytes: 2 ** 24 }));
    expect(committed(ledger)).toBe(12);
    await account.resumedAt(0);
    expect(committed(ledger) ?? 0).toBe(0);
    account.committed(await log.read(0, { maxBytes: 2 ** 24 }));
    expect(committed(ledger)).toBe(12);
  });
});
