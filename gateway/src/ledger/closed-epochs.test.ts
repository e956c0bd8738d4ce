import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '@fieldline/journal';
import { encodeBatch, type Batch } from '@fieldline/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { batchOf, publishBatch, startRig } from '../gateway-rig.ts';
import { openGatewayDatabase } from '../home/gateway-database.ts';
import { digestOf } from '../ingest/batch-digest.ts';
import { ReceivedBatches } from '../ingest/received-batches.ts';
import { WaitingBatches } from '../ingest/waiting-batches.ts';
import { BatchLog } from '../journal/batch-log.ts';
import { ClosedEpochStore } from './closed-epochs.ts';
import { JournalAccount } from './journal-account.ts';
import { Ledger } from './ledger.ts';
import { RefusedReadings } from './refused-readings.ts';

const clock = { nowUs: () => 1_700_000_100_000_000 };
const limits = { epochsPerDevice: 100_000, rangesPerEpoch: 4, digestsPerEpoch: 100 };

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fieldline-epochs-'));
});
afterEach(() => rmSync(home, { recursive: true }));

/** What a gateway holds of a home between a start and a kill. `closes` false: every epoch stays open. */
async function open(place: string, closes = true) {
  const log = new BatchLog(await openJournal({ directory: join(place, 'journal') }), {
    inflatedBytes: 2 ** 23,
  });
  const database = openGatewayDatabase(join(place, 'gateway.db'));
  const closed = closes ? new ClosedEpochStore(database) : undefined;
  const ledger = new Ledger(new RefusedReadings(database), closed);
  const waiting = new WaitingBatches(database, { ledger, bytesMax: 2 ** 20 });
  const received = new ReceivedBatches(database, limits);
  const account = new JournalAccount({ log, ledger, received, waiting, database, clock });
  await account.restore();
  return {
    database,
    ledger,
    received,
    account,
    take: async (batch: Batch): Promise<string> => {
      const { kind } = received.recognise(batch, digestOf(batch));
      if (kind !== 'new') return kind;
      account.record(await log.append(batch, encodeBatch(batch)), batch, digestOf(batch));
      return kind;
    },
    kill: async (): Promise<void> => {
      await log.close();
      database.close();
    },
  };
}

/** The account, as far as it does not depend on a store. */
function rows(ledger: Ledger): object {
  return ledger.answer({
    storeName: 'none',
    counts: undefined,
    committedBefore: new Map(),
    quiet: false,
    atUs: 0,
  });
}

/** Epoch 0 came first; `sentAt` rises from one to the next. */
function inEpoch(epoch: number, seq: number): Batch {
  return {
    ...batchOf('porch', seq, { epoch: `epoch-${epoch}` }),
    sentAt: 1_600_000_000_000_000 + epoch * 1e6 + seq,
  };
}

describe('a device that goes through many epochs', () => {
  test('has all of them accounted for and recognised, with few in memory', async () => {
    let part = await open(home);
    for (let epoch = 0; epoch < 300; epoch++) {
      await part.take(inEpoch(epoch, 1));
      await part.take(inEpoch(epoch, 2));
      if (epoch % 10 === 0) await part.account.save();
    }
    await part.account.save();
    expect(part.ledger.device('porch').epochs.size).toBe(16);
    const before = rows(part.ledger);
    expect(before).toMatchObject({ total: { taken: 600, unaccounted: 0, lost: 0 } });
    await part.kill();
    part = await open(home);
    expect(rows(part.ledger)).toEqual(before);
    expect([await part.take(inEpoch(3, 2)), await part.take(inEpoch(299, 1))]).toEqual([
      'duplicate',
      'duplicate',
    ]);
    // Digests are kept for the newest epochs alone.
    const table = part.database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'digest%'")
      .get();
    const digests = part.database
      .prepare(`SELECT count(DISTINCT epoch) AS n FROM ${String(table?.name)}`)
      .get();
    expect(Number(digests?.n)).toBeLessThanOrEqual(17);
    await part.kill();
  });

  test('has the same account as if all stayed open, whatever comes late and wherever the gateway is killed', async () => {
    const epochs = Array.from({ length: 30 }, (_, epoch) => epoch);
    const batches = epochs.flatMap((epoch) => [inEpoch(epoch, 1), inEpoch(epoch, 2), inEpoch(epoch, 3)]);
    const sent = fc.shuffledSubarray(batches, { minLength: 60 });
    const steps = fc.array(fc.constantFrom('', '', '', 'save', 'kill', 'save and kill', 'refuse'), {
      minLength: 90,
      maxLength: 90,
    });
    await fc.assert(
      fc.asyncProperty(sent, steps, async (order, after) => {
        const places = [mkdtempSync(join(home, 'a-')), mkdtempSync(join(home, 'b-'))];
        let closing = await open(places[0] ?? '');
        const keeping = await open(places[1] ?? '', false);
        for (const [index, batch] of order.entries()) {
          await closing.take(batch);
          await keeping.take(batch);
          const step = after[index] ?? '';
          if (step === 'refuse') {
            const name = { device: 'porch', epoch: `epoch-${index % 30}`, seq: 2 };
            for (const each of [closing, keeping])
              if (!each.received.has('porch', name.epoch, 2)) each.ledger.refusedBatch(name);
          }
          if (step.startsWith('save')) await closing.account.save();
          if (!step.endsWith('kill')) continue;
          await closing.kill();
          closing = await open(places[0] ?? '');
        }
        await closing.account.save();
        expect({ ...rows(closing.ledger), devices: [] }).toEqual({ ...rows(keeping.ledger), devices: [] });
        await closing.kill();
        await keeping.kill();
      }),
      { numRuns: 8 },
    );
  });
});

test('a closed epoch of which a batch is refused is whole after a restart, though its device sends no more', async () => {
  let part = await open(home);
  for (let epoch = 0; epoch < 20; epoch++) await part.take(inEpoch(epoch, 1));
  await part.account.save();
  const before = rows(part.ledger);
  part.ledger.refusedBatch({ device: 'porch', epoch: 'epoch-1', seq: 2 });
  // Another device lets the account be saved.
  await part.take({ ...batchOf('attic', 1), sensors: [], ledger: {} });
  await part.account.save();
  await part.kill();
  part = await open(home);
  await part.take({ ...inEpoch(1, 3), sensors: [], ledger: inEpoch(1, 1).ledger });
  expect(rows(part.ledger)).toMatchObject({ total: (before as { total: object }).total });
  await part.kill();
});

test('a device of which hundreds of epochs are known goes on being stored', async () => {
  const rig = await startRig();
  const client = await rig.connect('porch', await rig.addDevice('porch'));
  const sending = Array.from({ length: 300 }, (_, epoch) => publishBatch(client, inEpoch(epoch, 1)));
  await Promise.all(sending);
  await expect
    .poll(async () => (await rig.ledger()).total)
    .toMatchObject({ taken: 300, stored: 300, refused: 0, unaccounted: 0 });
  await rig.end();
});
