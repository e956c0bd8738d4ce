import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal, type Journal } from '@fieldline/journal';
import { encodeBatch, type Batch } from '@fieldline/protocol';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BatchLog } from '../journal/batch-log.ts';
import { SinkRunner, type SinkRunnerOptions } from './sink-runner.ts';
import type { JournaledBatch, Sink, SinkOpening, SinkOutcome } from './sink.ts';

const failure = { code: 'INFLUX_UNREACHABLE', subject: 'http://nowhere', detail: 'refused' } as const;

/** A sink that does as it is told, one answer a write; afterwards it stores. */
class ScriptedSink implements Sink {
  readonly name = 'scripted';
  gatherMs = 0;
  /** How many entries each write had. */
  readonly writes: number[] = [];
  readonly stored: number[] = [];
  readonly answers: SinkOutcome[] = [];
  readonly openings: SinkOpening[] = [];
  closed = false;

  async open(): Promise<SinkOpening> {
    return this.openings.shift() ?? { kind: 'ready', resumeAt: undefined };
  }

  async write(entries: readonly JournaledBatch[]): Promise<SinkOutcome> {
    const answer = this.answers.shift() ?? { kind: 'stored' };
    this.writes.push(entries.length);
    if (answer.kind === 'stored' || answer.kind === 'refused') {
      this.stored.push(...entries.map(({ offset }) => offset));
    }
    return answer;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

describe('SinkRunner', () => {
  let directory: string;
  let journal: Journal;
  let log: BatchLog;
  let sink: ScriptedSink;
  const runners: SinkRunner[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'fieldline-runner-'));
    journal = await openJournal({ directory });
    log = new BatchLog(journal, { inflatedBytes: 1e6 });
    sink = new ScriptedSink();
  });
  afterEach(async () => {
    for (const runner of runners.splice(0)) await runner.stop();
    await journal.close();
    await rm(directory, { recursive: true });
  });

  const append = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      const batch = emptyBatch(log.nextOffset + 1);
      await log.append(batch, encodeBatch(batch));
    }
  };
  const start = (options: Partial<SinkRunnerOptions> = {}): SinkRunner => {
    const runner = new SinkRunner({
      sink,
      log,
      logger: silent,
      startAt: 'cursor',
      nowUs: () => Date.now() * 1000,
      random: () => 0,
      sleep: async () => undefined,
      ...options,
    });
    runners.push(runner);
    runner.start();
    return runner;
  };
  const upTo = async (runner: SinkRunner, offset: number): Promise<void> => {
    expect(await runner.storedUpTo(offset, AbortSignal.timeout(10_000))).toBe(true);
  };

  test('stores what stands in the journal and what comes, in order, and tells of it', async () => {
    await append(3);
    const committed: number[] = [];
    const runner = start({
      onCommitted: (entries) => committed.push(...entries.map(({ offset }) => offset)),
    });
    await upTo(runner, 3);
    await append(2);
    await upTo(runner, 5);
    expect(sink.stored).toEqual([0, 1, 2, 3, 4]);
    expect(committed).toEqual(sink.stored);
  });

  test('waits as long as the store asks for, and no shorter than its own pause', async () => {
    const paused: number[] = [];
    const retryable = (retryAfterMs?: number): SinkOutcome => ({
      kind: 'retryable',
      failure: { ...failure, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
    });
    sink.answers.push(retryable(7000), retryable(), retryable(1));
    await append(1);
    const runner = start({
      backoff: { firstMs: 100, maxMs: 100 },
      sleep: async (ms) => void paused.push(ms),
    });
    await upTo(runner, 1);
    expect(paused).toEqual([7000, 50, 50]);
    expect(sink.stored).toEqual([0]);
  });

  test('gathers what comes soon after a small write for a sink that each write costs something', async () => {
    sink.gatherMs = 5;
    let nowUs = 1_000_000;
    const paused: number[] = [];
    const runner = start({
      nowUs: () => nowUs,
      sleep: async (ms) => {
        paused.push(ms);
        await append(2);
      },
    });
    await append(1);
    await upTo(runner, 1);
    nowUs += 2000;
    await append(1);
    await upTo(runner, 4);
    expect({ paused, writes: sink.writes }).toEqual({ paused: [3], writes: [1, 3] });
    // After a silence, and where the clock was set back, nothing waits.
    for (const stepUs of [5000, -60_000_000]) {
      nowUs += stepUs;
      await append(1);
      await upTo(runner, log.nextOffset);
    }
    expect({ paused, writes: sink.writes }).toEqual({ paused: [3], writes: [1, 3, 1, 1] });
  });

  test('gathers no longer where enough has come', async () => {
    sink.gatherMs = 5;
    const paused: number[] = [];
    const runner = start({
      nowUs: () => 1_000_000,
      writeLimit: { maxBytes: 1e9, maxRecords: 1 },
      sleep: async (ms) => void paused.push(ms),
    });
    await Promise.all(Array.from({ length: 1100 }, () => append(1)));
    await upTo(runner, 1100);
    expect(sink.writes).toHaveLength(1100);
    expect(paused.length).toBeLessThan(1000);
  });

  test('goes on at its cursor after a stop', async () => {
    await append(2);
    const first = start();
    await upTo(first, 2);
    await first.stop();
    expect(sink.closed).toBe(true);
    await append(1);
    await upTo(start(), 3);
    expect(sink.stored).toEqual([0, 1, 2]);
  });

  test('moves its cursor once for all writes of a second, and waits for it at none', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const moved: number[] = [];
    const counting = new Proxy(log, {
      get(target, name) {
        const setCursor = async (_name: string, offset: number): Promise<void> => void moved.push(offset);
        const value: unknown = name === 'setCursor' ? setCursor : Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const runner = start({ log: counting });
    for (let offset = 1; offset <= 4; offset++) {
      await append(1);
      await upTo(runner, offset);
    }
    expect(moved).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(moved).toEqual([4]);
    vi.useRealTimers();
    await append(1);
    await upTo(runner, 5);
    await runner.stop();
    expect(moved).toEqual([4, 5]);
  });

  test('goes by the sink’s own position where it has one', async () => {
    await append(4);
    sink.openings.push({ kind: 'ready', resumeAt: 2 });
    const opened: number[] = [];
    await upTo(start({ onOpened: async (offset) => void opened.push(offset) }), 4);
    expect(sink.stored).toEqual([2, 3]);
    expect(opened).toEqual([2]);
  });

  test('writes again what could not be stored, with growing pauses, and says so once', async () => {
    await append(1);
    sink.openings.push({ kind: 'retryable', failure });
    sink.answers.push(...Array.from({ length: 4 }, () => ({ kind: 'retryable', failure }) as const));
    const pauses: number[] = [];
    const warnings: string[] = [];
    const runner = start({
      sleep: async (ms) => void pauses.push(ms),
      logger: { ...silent, warn: (_about, message) => void warnings.push(message) },
    });
    await upTo(runner, 1);
    expect(sink.stored).toEqual([0]);
    expect(pauses).toEqual([50, 50, 100, 200, 400]);
    expect(runner.statistics.errors).toBe(5);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain('http://nowhere: InfluxDB does not answer at this URL');
    expect(runner.failure).toBeUndefined();
  });

  test('reads the journal again after it could not be read', async () => {
    await append(2);
    let failuresLeft = 2;
    const failing = {
      read: (offset: number, limit: { maxBytes: number }) =>
        failuresLeft-- > 0
          ? Promise.reject(new Error('EMFILE: too many open files'))
          : log.read(offset, limit),
      waitFor: (offset: number, signal?: AbortSignal) => log.waitFor(offset, signal),
      setCursor: (name: string, offset: number) => log.setCursor(name, offset),
      cursor: (name: string) => log.cursor(name),
      firstOffset: 0,
      get nextOffset() {
        return log.nextOffset;
      },
    };
    const warnings: string[] = [];
    const runner = start({
      log: failing,
      logger: { ...silent, warn: (_about, message) => void warnings.push(message) },
    });
    await upTo(runner, 2);
    expect(sink.stored).toEqual([0, 1]);
    expect(runner.statistics.errors).toBe(2);
    expect(warnings).toEqual([expect.stringMatching(/^journal: .* EMFILE.*\[SINK_STEP_FAILED\]$/)]);
  });

  test('fills a sink again from an offset, while it idles and while it cannot store', async () => {
    await append(4);
    const rebuilt: number[] = [];
    const opened: number[] = [];
    const rebuilding = Object.assign(sink, {
      rebuild: async (offset: number): Promise<SinkOpening> => {
        rebuilt.push(offset);
        return rebuilt.length === 2 ? { kind: 'retryable', failure } : { kind: 'ready', resumeAt: offset };
      },
    });
    const runner = start({ sink: rebuilding, onOpened: async (offset) => void opened.push(offset) });
    await upTo(runner, 4);
    expect(runner.replay).toBe('from anywhere');
    await runner.replayFrom(2);
    await upTo(runner, 4);
    expect(sink.stored).toEqual([0, 1, 2, 3, 2, 3]);
    sink.answers.push({ kind: 'retryable', failure });
    await append(1);
    await runner.replayFrom(1);
    await upTo(runner, 5);
    expect(sink.stored.slice(-4)).toEqual([1, 2, 3, 4]);
    expect([rebuilt, opened]).toEqual([[2, 1, 1], [0, 2, 1]]); // prettier-ignore
    expect(log.cursor('scripted')).toBeDefined();
  });

  test('commits nothing before what was refused of it is kept', async () => {
    await append(1);
    const part = { offset: 0, device: 'd', code: 'POINT_NOT_ENCODABLE', detail: 'x', counts: {}, payload: new Uint8Array() } as const; // prettier-ignore
    sink.answers.push({ kind: 'refused', parts: [part] });
    const events: string[] = [];
    const runner = start({
      onRefused: () => {
        events.push('refused');
        if (events.length === 1) throw new Error('database or disk is full');
      },
      onCommitted: () => void events.push('committed'),
    });
    await upTo(runner, 1);
    expect(events).toEqual(['refused', 'refused', 'committed']);
    expect(sink.stored).toEqual([0]);
  });

  test('passes on what is refused and goes on behind it', async () => {
    await append(2);
    const part = { offset: 0, device: 'd', code: 'POINT_NOT_ENCODABLE', detail: 'x', counts: {}, payload: new Uint8Array() } as const; // prettier-ignore
    sink.answers.push({ kind: 'refused', parts: [part] });
    const refused: unknown[] = [];
    await upTo(start({ onRefused: (_name, parts) => refused.push(...parts) }), 2);
    expect(sink.stored).toEqual([0, 1]);
    expect(refused).toEqual([part]);
  });

  test('rewinds where the sink has lost what it had', async () => {
    await append(2);
    const runner = start();
    await upTo(runner, 2);
    sink.answers.push({ kind: 'rewind', offset: 0 });
    await append(1);
    await upTo(runner, 3);
    expect(sink.stored).toEqual([0, 1, 0, 1, 2]);
  });

  test('starts at the end where it is told so, and keeps no cursor', async () => {
    await append(2);
    const runner = start({ startAt: 'end' });
    await runner.opened;
    await append(1);
    await upTo(runner, 3);
    await runner.stop();
    expect(sink.stored).toEqual([2]);
    expect(log.cursor('scripted')).toBeUndefined();
  });

  test('stops at once while it pauses', async () => {
    await append(1);
    sink.answers.push(...Array.from({ length: 99 }, () => ({ kind: 'retryable', failure }) as const));
    const paused = Promise.withResolvers<undefined>();
    const runner = start({
      sleep: (_ms, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve());
          paused.resolve(undefined);
        }),
    });
    await paused.promise;
    await runner.stop();
    expect(sink.stored).toEqual([]);
  });
});

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

function emptyBatch(seq: number): Batch {
  return {
    v: 1, device: 'd', epoch: 'e', seq, bootId: 'b', sentAt: 0, clock: 'synced',
    configVersion: 1, lane: 'live', sensors: [], ledger: {},
  }; // prettier-ignore
}
