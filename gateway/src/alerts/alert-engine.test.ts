import { DatabaseSync } from 'node:sqlite';
import type { AlertRuleDraft, Batch } from '@fieldline/protocol';
import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { batchOf } from '../gateway-rig.ts';
import type { JournaledBatch } from '../sinks/sink.ts';
import { AlertEngine } from './alert-engine.ts';
import { openAlertTables } from './alert-tables.ts';
import { DeliveryBook } from './delivery/delivery-book.ts';
import { RuleBook } from './rule-book.ts';
import { SilenceBook } from './silence-book.ts';

const secondUs = 1e6;
const startUs = 1_700_000_000_000_000;

const hot: AlertRuleDraft = {
  name: 'Too warm',
  enabled: true,
  severity: 'warning',
  condition: { kind: 'threshold', streams: '*', is: 'above', limit: 5, clear: 3 },
  for: '2s',
  deliverTo: ['ops'],
};

/** A gateway's database with the rules of a test, and engines that come and go on it. */
class Bench {
  readonly database = new DatabaseSync(':memory:');
  readonly clock = { us: startUs };
  readonly journal: JournaledBatch[] = [];
  readonly rules: RuleBook;
  engine: AlertEngine;

  constructor(...drafts: AlertRuleDraft[]) {
    this.database.exec('CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL)');
    openAlertTables(this.database);
    this.rules = new RuleBook(this.database, ['ops']);
    drafts.forEach((draft, index) =>
      expect(this.rules.put(`rule-${index}`, draft)).toMatchObject({ ok: true }),
    );
    this.engine = this.start();
    void this.engine.close();
  }

  start(): AlertEngine {
    this.engine = new AlertEngine({
      database: this.database,
      clock: { nowUs: () => this.clock.us },
      logger: pino({ level: 'silent' }),
      rules: this.rules,
      silences: new SilenceBook(this.database),
      deliveries: new DeliveryBook(this.database),
      nextOffset: () => this.journal.length,
      onEnqueued: () => undefined,
    });
    return this.engine;
  }

  append(batch: Batch): void {
    this.journal.push({ offset: this.journal.length, batch, receivedAtUs: this.clock.us });
  }

  /** Gives the engine what it has not seen, `count` batches at a time, as its runner does. */
  async catchUp(count = Infinity): Promise<void> {
    const opening = await this.engine.open();
    const from = opening.kind === 'ready' ? (opening.resumeAt ?? 0) : 0;
    for (let next = from; next < this.journal.length; next += count) {
      await this.engine.write(this.journal.slice(next, next + count));
    }
  }

  told(): string[] {
    return this.database
      .prepare('SELECT event, message FROM alert_deliveries ORDER BY id')
      .all()
      .map((row) => {
        const { alert } = JSON.parse(String(row['message'])) as {
          alert: { subject: string; sinceUs: number };
        };
        return `${String(row['event'])} ${alert.subject} ${alert.sinceUs}`;
      });
  }
}

const steps = fc.array(
  fc.record({
    value: fc.integer({ min: 0, max: 9 }),
    backlog: fc.boolean(),
    device: fc.constantFrom('a', 'b'),
    kill: fc.boolean(),
    pause: fc.nat(3),
  }),
  { maxLength: 40 },
);

test('killed at any moment, it forgets nothing and tells nothing twice', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const [steady, killed] = [new Bench(hot), new Bench(hot)];
      for (const [index, { value, backlog, device, kill, pause }] of all.entries()) {
        const batch: Batch = {
          ...batchOf(device, index + 1, { value, before: index }),
          lane: backlog ? 'backlog' : 'live',
        };
        for (const bench of [steady, killed]) {
          bench.clock.us += pause * secondUs;
          bench.append(batch);
          await bench.catchUp(bench === killed ? 1 : Infinity);
        }
        // Nothing of what this engine had in memory alone survives.
        if (kill) killed.start();
      }
      await killed.catchUp();
      await Promise.all([steady.engine.close(), killed.engine.close()]);
      expect(killed.told()).toEqual(steady.told());
      const openOf = ({ engine }: Bench): string[] =>
        [...engine.book.open()].map(({ state, subject, sinceUs }) => `${state} ${subject} ${sinceUs}`).sort();
      expect(openOf(killed)).toEqual(openOf(steady));
    }),
    { numRuns: 60 },
  );
});

test('where nothing can be written it waits, and judges nothing twice', async () => {
  const bench = new Bench({ ...hot, for: '0s' });
  bench.database.exec(
    "CREATE TRIGGER full BEFORE INSERT ON alerts BEGIN SELECT RAISE(FAIL, 'disk full'); END",
  );
  bench.append(batchOf('a', 1, { value: 9 }));
  expect(await bench.engine.write(bench.journal)).toMatchObject({ kind: 'retryable' });
  expect(await bench.engine.write(bench.journal)).toMatchObject({ kind: 'retryable' });
  bench.database.exec('DROP TRIGGER full');
  expect(await bench.engine.write(bench.journal)).toEqual({ kind: 'stored' });
  expect(bench.told()).toHaveLength(1);
  expect(bench.engine.book.fired).toBe(1);
});

test('windows are judged at their end, by the figure that the rule names; copies not at all', async () => {
  const of = (which: 'min' | 'max'): AlertRuleDraft => ({
    ...hot,
    for: '0s',
    condition: { kind: 'threshold', streams: '*', is: 'above', limit: 5, of: which },
  });
  const bench = new Bench(of('min'), of('max'));
  const one = (value: number): Float64Array => Float64Array.of(value);
  const level = { unit: 'm', count: one(2), sum: one(10), min: one(4), max: one(6), first: one(4), last: one(6), m2: one(2) }; // prettier-ignore
  const block = { sensor: 'w', type: 'adc', kind: 'windows' as const, window: '10s', start: one(startUs), end: one(startUs + 10), fields: { level } }; // prettier-ignore
  bench.append({ ...batchOf('a', 1), sensors: [block, { ...block, sensor: 'copy', extra: true }] });
  await bench.catchUp();
  expect([...bench.engine.book.open()]).toMatchObject([
    { rule: 'rule-1', subject: 'a/w/level', sinceUs: startUs + 10, unit: 'm' },
  ]);
});

test('a position outside its fence fires, with the distance', async () => {
  const bench = new Bench({
    ...hot,
    for: '0s',
    condition: {
      kind: 'geofence',
      sensors: '*/gnss',
      fence: { shape: 'circle', lat: 47, lon: 8, radiusM: 100 },
    },
  });
  const column = (unit: string, v: number) => ({ unit, v: Float64Array.of(v) });
  const fix = (lat: number, lon: number): Batch['sensors'][number] => ({
    sensor: 'gnss',
    type: 'gnss',
    kind: 'readings',
    t: Float64Array.of(startUs + lat),
    fields: { lat: column('lat', lat), lon: column('lon', lon) },
  });
  bench.append({ ...batchOf('rover', 1), sensors: [fix(47.0001, 8)] });
  bench.append({ ...batchOf('rover', 2), sensors: [fix(47.001, 8), fix(NaN, NaN)] });
  await bench.catchUp();
  expect([...bench.engine.book.open()]).toMatchObject([
    { subject: 'rover/gnss', message: 'rover/gnss is 11 m outside its fence.' },
  ]);
});

describe('silence', () => {
  const silent: AlertRuleDraft = {
    ...hot,
    for: '0s',
    condition: { kind: 'no-data', streams: '*', after: '10s' },
  };

  test('fires by the clock, and ends with the next reading', async () => {
    const bench = new Bench(silent);
    bench.clock.us = startUs + 60 * secondUs;
    bench.append(batchOf('a', 61));
    await bench.catchUp();
    bench.clock.us += 9 * secondUs;
    bench.engine.tick();
    expect(bench.told()).toEqual([]);
    bench.clock.us += secondUs;
    bench.engine.tick();
    expect(bench.told()).toHaveLength(1);
    bench.append(batchOf('a', 75));
    await bench.catchUp();
    expect(bench.told()).toHaveLength(2);
  });

  test('a gateway that was away blames nobody for it', async () => {
    const bench = new Bench(silent);
    bench.append(batchOf('a', 1));
    await bench.catchUp();
    await bench.engine.close();
    bench.clock.us += 3600 * secondUs;
    bench.start().tick();
    expect(bench.told()).toEqual([]);
    bench.clock.us += 10 * secondUs;
    bench.engine.tick();
    expect(bench.told()).toHaveLength(1);
  });

  test('a device that was revoked is no longer waited for', async () => {
    const bench = new Bench({ ...silent, condition: { kind: 'silent-device', devices: '*', after: '10s' } });
    bench.engine.observeNow('devices', 'a', { tUs: startUs, value: 0 });
    bench.clock.us += 20 * secondUs;
    bench.engine.tick();
    expect([...bench.engine.book.open()].length).toBeGreaterThan(0);
    bench.engine.forgetDevice('a');
    bench.engine.tick();
    expect([...bench.engine.book.open()]).toEqual([]);
  });
});

test('a backlog that has ended ends what it fired', async () => {
  const bench = new Bench({ ...hot, for: '0s' });
  bench.append({ ...batchOf('a', 1, { value: 9 }), lane: 'backlog' });
  await bench.catchUp();
  expect(bench.told()).toHaveLength(1);
  bench.clock.us += 60 * secondUs;
  bench.engine.tick();
  expect(bench.told()).toHaveLength(2);
});
