import type { DatabaseSync } from 'node:sqlite';
import type { Batch, DroppedRange, LedgerAnswer, StreamLedger } from '@fieldline/protocol';
import { sampleBatch } from '@fieldline/protocol/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryDatabase } from '../testing/temporary-database.ts';
import { DeviceAccount } from './device-account.ts';
import { Ledger, type StoreCounts } from './ledger.ts';
import { RefusedReadings } from './refused-readings.ts';

let database: DatabaseSync;
let remove: () => void;

beforeAll(() => {
  ({ database, remove } = temporaryDatabase());
});
afterAll(() => remove());

function newLedger(): Ledger {
  database.exec('DELETE FROM refused_readings; DELETE FROM refused_batches');
  return new Ledger(new RefusedReadings(database));
}

const streams = ['air/temperature', 'air/humidity'] as const;

/** What a device did between two batches: readings of each stream by where they went. */
interface Step {
  readonly batched: readonly number[];
  readonly filtered: number;
  readonly lost: number;
  readonly open: number;
  /** The batch is declared dropped by the next one that is not. */
  readonly dropped: boolean;
}

const stepArbitrary: fc.Arbitrary<Step> = fc.record({
  batched: fc.tuple(fc.nat(20), fc.nat(20)),
  filtered: fc.nat(3),
  lost: fc.nat(3),
  open: fc.nat(3),
  dropped: fc.boolean(),
});

/** A device that keeps its books: the batches of its steps, with those left out that it dropped. */
function playDevice(steps: readonly Step[], epoch = 'epoch-1'): Batch[] {
  const totals = streams.map(() => ({ batched: 0, filtered: 0, lost: 0 }));
  const batches: Batch[] = [];
  let waiting: DroppedRange[] = [];
  steps.forEach((step, index) => {
    const seq = index + 1;
    const ledger: Record<string, StreamLedger> = {};
    streams.forEach((stream, column) => {
      const total = totals[column] ?? { batched: 0, filtered: 0, lost: 0 };
      total.batched += step.batched[column] ?? 0;
      total.filtered += step.filtered;
      total.lost += step.lost;
      const taken = total.batched + total.filtered + total.lost + step.open;
      ledger[stream] = { ...total, taken, refused: 0, open: step.open };
    });
    if (step.dropped) {
      waiting.push([seq, seq, 'outbox-full', countsOf(step)]);
      return;
    }
    batches.push(toBatch({ epoch, seq, counts: step.batched, ledger, dropped: waiting }));
    waiting = [];
  });
  return batches;
}

function countsOf(step: Step): Record<string, number> {
  return Object.fromEntries(streams.map((stream, column) => [stream, step.batched[column] ?? 0]));
}

function toBatch(about: {
  epoch: string;
  seq: number;
  counts: readonly number[];
  ledger: Record<string, StreamLedger>;
  dropped: DroppedRange[];
}): Batch {
  const { epoch, seq, counts, ledger, dropped } = about;
  const sensors = streams.map((stream, column) => {
    const [sensor = '', quantity = ''] = stream.split('/');
    const v = new Float64Array(counts[column] ?? 0).fill(1);
    const fields = { [quantity]: { unit: '1', v } };
    return { sensor, type: 'thermometer', kind: 'readings' as const, t: v.map((_, index) => index), fields };
  });
  return sampleBatch({ device: 'porch', epoch, seq, sentAt: seq, sensors, ledger, dropped });
}

/** Plays a store that has everything that was committed, with `change` made to its counts. */
function answerOf(
  ledger: Ledger,
  change: (counts: Map<string, number>) => void = () => undefined,
): LedgerAnswer {
  const counts = ledger.committedCounts();
  change(counts);
  const store: StoreCounts = {
    storeName: 'embedded',
    counts,
    committedBefore: ledger.committedCounts(),
    quiet: true,
    atUs: 0,
  };
  return ledger.answer(store);
}

function deliver(ledger: Ledger, batches: readonly Batch[]): void {
  const seen = new Set<string>();
  for (const batch of batches) {
    ledger.received({ batch });
    if (!seen.has(`${batch.epoch} ${batch.seq}`)) ledger.committed([{ batch }]);
    seen.add(`${batch.epoch} ${batch.seq}`);
  }
}

const stepsArbitrary = fc
  .array(stepArbitrary, { minLength: 1, maxLength: 30 })
  // The last batch is always sent: what was dropped behind it nobody has declared yet.
  .map((steps) =>
    steps.map((step, index) => (index === steps.length - 1 ? { ...step, dropped: false } : step)),
  );

describe('the account of an honest device', () => {
  test('adds up when everything has arrived, whatever the order and however often', () => {
    fc.assert(
      fc.property(stepsArbitrary, fc.infiniteStream(fc.nat(1000)), (steps, order) => {
        const batches = playDevice(steps);
        const twice = [...batches, ...batches].map((batch) => ({ batch, at: order.next().value ?? 0 }));
        const shuffled = newLedger();
        deliver(
          shuffled,
          twice.toSorted((a, b) => a.at - b.at).map(({ batch }) => batch),
        );
        const inOrder = newLedger();
        deliver(inOrder, batches);
        const answer = answerOf(shuffled);
        expect(answer).toEqual(answerOf(inOrder));
        const { taken, stored, filtered, refused, lost, underWay, unaccounted } = answer.total;
        expect(unaccounted).toBe(0);
        expect(stored + filtered + refused + lost + underWay).toBe(taken);
        const sent = steps.filter(({ dropped }) => !dropped).flatMap(({ batched }) => batched);
        expect(stored).toBe(sent.reduce((sum, count) => sum + count, 0));
      }),
    );
  });

  test('adds up with any batches still to come, and names them', () => {
    fc.assert(
      fc.property(stepsArbitrary, fc.infiniteStream(fc.boolean()), (steps, arrives) => {
        const batches = playDevice(steps);
        const newest = batches.at(-1);
        const arrived = batches.filter((batch) => batch === newest || arrives.next().value === true);
        const ledger = newLedger();
        deliver(ledger, arrived);
        const { total, devices } = answerOf(ledger);
        expect(total.unaccounted).toBe(0);
        expect(total.taken).toBe(total.stored + total.filtered + total.lost + total.underWay);
        const missing = new Set(
          devices.flatMap((device) =>
            device.missing.flatMap(([, from, to]) =>
              Array.from({ length: to - from + 1 }, (_, index) => from + index),
            ),
          ),
        );
        const declared = new Set(arrived.flatMap(({ dropped = [] }) => dropped.map(([from]) => from)));
        const expected = steps
          .map((_, index) => index + 1)
          .filter((seq) => !declared.has(seq) && !arrived.some((batch) => batch.seq === seq));
        expect([...missing]).toEqual(expected);
      }),
    );
  });

  test('is the same after any restart between any two batches', () => {
    fc.assert(
      fc.property(stepsArbitrary, fc.infiniteStream(fc.boolean()), (steps, restarts) => {
        const batches = playDevice(steps);
        const straight = newLedger();
        deliver(straight, batches);
        let ledger = newLedger();
        for (const batch of batches.toReversed()) {
          deliver(ledger, [batch]);
          if (restarts.next().value !== true) continue;
          const json = JSON.stringify(ledger.device('porch').snapshot());
          ledger = newLedger();
          ledger.restore('porch', DeviceAccount.parse(json));
        }
        expect(answerOf(ledger)).toEqual(answerOf(straight));
      }),
    );
  });

  test('over several epochs counts windows left open by an older one as lost', () => {
    const step = { batched: [5, 5], filtered: 0, lost: 0, open: 2, dropped: false };
    const ledger = newLedger();
    const second = playDevice([step], 'epoch-2').map((batch) => ({ ...batch, sentAt: 100 }));
    deliver(ledger, [...second, ...playDevice([step], 'epoch-1')]);
    expect(answerOf(ledger).total).toMatchObject({
      taken: 28,
      stored: 20,
      lost: 4,
      underWay: 4,
      unaccounted: 0,
    });
  });

  test('a batch that comes although it was declared dropped is stored, not lost', () => {
    const steps = [1, 2, 3].map((count) => ({
      batched: [count, 0],
      filtered: 0,
      lost: 0,
      open: 0,
      dropped: false,
    }));
    const honest = playDevice(steps.map((step, index) => ({ ...step, dropped: index === 1 })));
    const ledger = newLedger();
    deliver(ledger, honest);
    expect(answerOf(ledger).total).toMatchObject({ stored: 4, lost: 2, unaccounted: 0 });
    deliver(ledger, playDevice(steps).slice(1, 2));
    expect(answerOf(ledger).total).toMatchObject({ stored: 6, lost: 0, unaccounted: 0 });
  });
});

describe('each counter, broken on purpose, moves `unaccounted` by as much', () => {
  const steps = Array.from({ length: 6 }, (_, index) => ({
    batched: [10 + index, 3],
    filtered: 1,
    lost: 1,
    open: 2,
    dropped: index === 3,
  }));
  const [first] = streams;

  function breakLedger(seq: number, change: (totals: StreamLedger) => StreamLedger): Ledger {
    const ledger = newLedger();
    const batches = playDevice(steps).map((batch) => {
      const totals = batch.ledger[first];
      if (batch.seq !== seq || !totals) return batch;
      return { ...batch, ledger: { ...batch.ledger, [first]: change(totals) } };
    });
    deliver(ledger, batches);
    return ledger;
  }

  test.each(['taken', 'filtered', 'refused', 'lost', 'open'] as const)("the device's %s", (counter) => {
    const ledger = breakLedger(6, (totals) => ({ ...totals, [counter]: totals[counter] + 5 }));
    expect(answerOf(ledger).total.unaccounted).toBe(5);
    expect(answerOf(ledger).devices[0]?.firstDifference).toMatchObject({ seq: 6 });
  });

  test('the running total of one batch: it disagrees with both neighbours, and is named', () => {
    const ledger = breakLedger(2, (totals) => ({ ...totals, batched: totals.batched + 5 }));
    expect(answerOf(ledger).total.unaccounted).toBe(10);
    expect(answerOf(ledger).devices[0]?.firstDifference).toMatchObject({ seq: 2 });
  });

  test('the running total of the first batch', () => {
    const ledger = breakLedger(1, (totals) => ({ ...totals, batched: totals.batched + 5 }));
    expect(answerOf(ledger).total.unaccounted).toBe(10);
  });

  test('the readings that a batch carries', () => {
    const ledger = newLedger();
    const [one, two, ...rest] = playDevice(steps);
    const [air, humidity] = two?.sensors ?? [];
    if (!one || !two || air?.kind !== 'readings' || !humidity)
      throw new Error('the device sent no second batch');
    const v = new Float64Array(3);
    const short = { ...air, t: v, fields: { temperature: { unit: '1', v } } };
    deliver(ledger, [one, { ...two, sensors: [short, humidity] }, ...rest]);
    expect(answerOf(ledger).total.unaccounted).toBe(8);
  });

  test('the count that the device declares dropped', () => {
    const ledger = newLedger();
    const batches = playDevice(steps).map((batch) => ({
      ...batch,
      dropped: (batch.dropped ?? []).map(([from, to, reason]): DroppedRange => [
        from,
        to,
        reason,
        { [first]: 99 },
      ]),
    }));
    deliver(ledger, batches);
    expect(answerOf(ledger).total.unaccounted).toBe(99 - 13 + 3);
  });

  test('a stream that no ledger names, dropped readings and all', () => {
    const ledger = newLedger();
    deliver(
      ledger,
      playDevice(steps).map((batch) => ({ ...batch, ledger: {} })),
    );
    expect(answerOf(ledger).total.unaccounted).toBe(10 + 11 + 12 + (13 + 3) + 14 + 15 + 5 * 3);
  });

  test.each([
    ['more', 4],
    ['less', -4],
  ])("the store's count, when it is %s", (_name, difference) => {
    const ledger = newLedger();
    deliver(ledger, playDevice(steps));
    const answer = answerOf(ledger, (counts) => {
      counts.set(`porch/${first}`, (counts.get(`porch/${first}`) ?? 0) + difference);
    });
    expect(answer.total.unaccounted).toBe(4);
  });

  test('a stream that only the store knows', () => {
    const ledger = newLedger();
    const answer = answerOf(ledger, (counts) => counts.set('ghost/air/temperature', 7));
    expect(answer.total).toMatchObject({ stored: 7, unaccounted: 7 });
  });

  test('what the store says it committed', () => {
    const ledger = newLedger();
    deliver(ledger, playDevice(steps));
    const counts = ledger.committedCounts();
    ledger.device('porch').commit(new Map([[first, 6]]));
    const store = { storeName: 'embedded', counts, committedBefore: counts, quiet: true, atUs: 0 };
    expect(ledger.answer(store).total.unaccounted).toBe(6);
  });

  test('the sum of what was received', () => {
    const ledger = newLedger();
    deliver(ledger, playDevice(steps));
    const { epochs, committed } = ledger.device('porch').snapshot();
    const broken = epochs.map(([name, epoch]) => [
      name,
      {
        ...epoch,
        received: epoch.received.map(([stream, count], at) => [stream, at === 0 ? count + 5 : count]),
      },
    ]);
    ledger.restore('porch', DeviceAccount.parse(JSON.stringify({ epochs: broken, committed })));
    // It disagrees with the running totals, with the commits and with the store.
    expect(answerOf(ledger).total.unaccounted).toBe(15);
  });
});

describe('while a write runs', () => {
  test('the store may hold what it has not told, and no more', () => {
    const ledger = newLedger();
    const [one, two] = playDevice([
      { batched: [10, 0], filtered: 0, lost: 0, open: 0, dropped: false },
      { batched: [5, 0], filtered: 0, lost: 0, open: 0, dropped: false },
    ]);
    if (!one || !two) throw new Error('the device sent no batches');
    deliver(ledger, [one]);
    ledger.received({ batch: two });
    const answer = (stored: number) =>
      ledger.answer({
        storeName: 'embedded',
        counts: new Map([['porch/air/temperature', stored]]),
        committedBefore: ledger.committedCounts(),
        quiet: false,
        atUs: 0,
      }).total;
    expect(answer(10)).toMatchObject({ taken: 15, stored: 10, underWay: 5, unaccounted: 0 });
    expect(answer(12)).toMatchObject({ taken: 15, stored: 12, underWay: 3, unaccounted: 0 });
    expect(answer(15)).toMatchObject({ taken: 15, stored: 15, underWay: 0, unaccounted: 0 });
    expect(answer(9)).toMatchObject({ underWay: 5, unaccounted: 1 });
    expect(answer(16)).toMatchObject({ underWay: 0, unaccounted: 1 });
  });

  test('parts that the store refused are refused once, however often it says so', () => {
    const ledger = newLedger();
    deliver(ledger, playDevice([{ batched: [10, 0], filtered: 0, lost: 0, open: 0, dropped: false }]));
    for (let time = 0; time < 3; time++) {
      ledger.refusedByStore({ offset: 0, stream: 'porch/air/temperature', readings: 4 });
    }
    const answer = answerOf(ledger, (counts) => counts.set('porch/air/temperature', 6));
    expect(answer.total).toMatchObject({ taken: 10, stored: 6, refused: 4, underWay: 0, unaccounted: 0 });
  });
});
