import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '@fieldline/journal';
import { encodeBatch, type Batch } from '@fieldline/protocol';
import fc from 'fast-check';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { DeadLetterStore } from '../devices/dead-letter-store.ts';
import { batchOf } from '../gateway-rig.ts';
import { openGatewayDatabase } from '../home/gateway-database.ts';
import { BatchLog } from '../journal/batch-log.ts';
import { JournalAccount } from '../ledger/journal-account.ts';
import { Ledger } from '../ledger/ledger.ts';
import { RefusedReadings } from '../ledger/refused-readings.ts';
import { BurstLog } from '../logging/burst-log.ts';
import { digestOf } from './batch-digest.ts';
import { InFlight } from './in-flight.ts';
import { IngestStatistics } from './ingest-statistics.ts';
import { Placement } from './placement.ts';
import { ReceivedBatches } from './received-batches.ts';
import { WaitingBatches } from './waiting-batches.ts';

let nowUs = 1_700_000_100_000_000;
const clock = { nowUs: () => nowUs };
const wallUs = 1_700_000_000_000_000;

/** What places batches of a home, between a start and a kill: nothing is saved unless a test says so. */
async function open(home: string) {
  const log = new BatchLog(await openJournal({ directory: join(home, 'journal') }), {
    inflatedBytes: 2 ** 23,
  });
  const database = openGatewayDatabase(join(home, 'gateway.db'));
  const ledger = new Ledger(new RefusedReadings(database));
  const waiting = new WaitingBatches(database, { ledger, bytesMax: 2 ** 20 });
  const received = new ReceivedBatches(database, {
    epochsPerDevice: 4,
    rangesPerEpoch: 10,
    digestsPerEpoch: 10,
  });
  const account = new JournalAccount({ log, ledger, received, waiting, database, clock });
  const placement = new Placement({
    ...{ waiting, log, account, ledger, database, clock },
    deadLetters: new DeadLetterStore(database, { clock, lettersMax: 9, payloadBytes: 9, storeBytes: 999 }),
    statistics: new IngestStatistics(new InFlight({ batches: 1, bytes: 1 }), () => 0),
    bursts: new BurstLog(pino({ level: 'silent' }), clock),
    limits: { inflatedBytes: 2 ** 20, futureTimeUs: 1e6, anchorWaitUs: 1e12 },
  });
  await account.restore();
  return {
    log,
    database,
    ledger,
    waiting,
    account,
    placement,
    place: () => placement.run(),
    take: async (batch: Batch): Promise<void> => {
      if (received.has(batch.device, batch.epoch, batch.seq)) return;
      account.record(await log.append(batch, encodeBatch(batch)), batch, digestOf(batch));
    },
    kill: async (): Promise<void> => {
      await log.close();
      database.close();
    },
  };
}

/** Batches 1 to 4 know only the time since their boot; 5 and 6 tell what times these were. */
function batches(): Batch[] {
  return [1, 2, 3, 4, 5, 6].map((seq) => {
    const batch = batchOf('porch', seq);
    const bootId = seq % 2 === 0 ? 'boot-0' : 'boot-1';
    if (seq > 4) return { ...batch, anchor: { bootId, monotonicUs: 0, wallUs } };
    const sensors = batch.sensors.map((block) =>
      block.kind === 'readings' ? { ...block, t: Float64Array.of(seq) } : block,
    );
    return { ...batch, bootId, clock: 'unset' as const, sentAt: seq, sensors };
  });
}

test('every batch is placed once, whatever the order and wherever the gateway is killed', async () => {
  const order = fc.shuffledSubarray(batches(), { minLength: 6 });
  const after = fc.constantFrom('nothing', 'place', 'save', 'kill', 'place and kill', 'save and kill');
  const plan = fc.tuple(order, fc.array(after, { minLength: 6, maxLength: 6 }));
  await fc.assert(
    fc.asyncProperty(plan, async ([sent, steps]) => {
      const home = mkdtempSync(join(tmpdir(), 'fieldline-placement-'));
      let part = await open(home);
      for (const [index, batch] of sent.entries()) {
        await part.take(batch);
        const step = steps[index] ?? '';
        if (step.startsWith('place')) await part.place();
        if (step.startsWith('save')) await part.account.save();
        if (!step.endsWith('kill')) continue;
        await part.kill();
        part = await open(home);
      }
      await part.place();
      const entries = await part.log.read(0, { maxBytes: 2 ** 24 });
      const times = entries
        .flatMap(({ batch }) =>
          batch.sensors.flatMap((block) => (block.kind === 'readings' ? [...block.t] : [])),
        )
        .filter((time) => time < wallUs + 10);
      expect(times.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4].map((each) => wallUs + each));
      expect(part.waiting.size).toBe(0);
      await part.kill();
      rmSync(home, { recursive: true });
    }),
    { numRuns: 20 },
  );
});

test('a batch that could not begin to wait again, since the disk is full, can do so later', async () => {
  const home = mkdtempSync(join(tmpdir(), 'fieldline-placement-'));
  let part = await open(home);
  const readings = 5000;
  const t = Float64Array.from({ length: readings }, (_, index) => index);
  const v = t.map((each) => Math.sin(each));
  const block = { sensor: 'air', type: 'x', kind: 'readings' as const, t, fields: { q: { unit: '1', v } } };
  const batch: Batch = { ...batchOf('porch', 1), clock: 'unset', sentAt: 1, sensors: [block] };
  await part.take(batch);
  nowUs += 2e12;
  await part.place();
  expect([part.waiting.size, part.ledger.isQuarantined(batch)]).toEqual([0, true]);
  await part.account.save();
  // As many pages as there are: the next row that needs room has none.
  part.database.exec('PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA max_page_count = 1');
  expect(() => part.placement.waitAgain(batch)).toThrow('full');
  expect([part.waiting.size, part.ledger.isQuarantined(batch)]).toEqual([0, true]);
  part.database.exec('PRAGMA max_page_count = 1000000');
  expect(part.placement.waitAgain(batch)).toBe(true);
  await part.account.save();
  await part.kill();
  part = await open(home);
  expect([part.waiting.size, part.ledger.isQuarantined(batch)]).toEqual([1, false]);
  await part.kill();
  rmSync(home, { recursive: true });
});
