import { describe, expect, it } from 'vitest';
import type { Timers } from '../bindings/timers.ts';
import { ManualTime } from '../testing/manual-time.ts';
import { Poller, stopWaitMs, type Poll, type PollPlan } from './poller.ts';

const startMs = Date.UTC(2026, 0, 1, 12, 0, 3, 400);

/** A poller on a clock of its own, and what it told. */
function begin(plan: Partial<PollPlan>, poll: Poll): { time: ManualTime; poller: Poller; told: string[] } {
  const time = new ManualTime(startMs);
  const told: string[] = [];
  const sinceStart = (us: number): number => us / 1000 - startMs;
  const poller = new Poller({
    plan: { intervalMs: 1000, aligned: false, deadlineMs: 5000, ...plan },
    poll,
    clock: time,
    timers: time,
    events: {
      failed: (cause) => told.push(`failed: ${cause instanceof Error ? cause.message : 'no error'}`),
      hung: () => told.push('hung'),
      gap: (fromUs, toUs, reason) => told.push(`gap ${sinceStart(fromUs)}…${sinceStart(toUs)} ms: ${reason}`),
    },
  });
  return { time, poller, told };
}

/** A poll that notes when it is asked, in milliseconds since the epoch. */
function noting(time: () => ManualTime): { asked: number[]; poll: Poll } {
  const asked: number[] = [];
  return { asked, poll: async () => void asked.push(time().nowUs() / 1000) };
}

/** The timers of a clock, as an object whose parts can be replaced. */
function timersOf(time: ManualTime): Timers {
  return {
    after: (delayMs, callback) => time.after(delayMs, callback),
    every: (intervalMs, callback) => time.every(intervalMs, callback),
  };
}

describe('a poller', () => {
  it('asks at once, then each interval', async () => {
    const { asked, poll } = noting(() => begun.time);
    const begun = begin({}, poll);
    await begun.time.advance(2500);
    expect(asked.map((ms) => ms - startMs)).toEqual([0, 1000, 2000]);
    await begun.poller.stop();
    await begun.time.advance(5000);
    expect(asked).toHaveLength(3);
  });

  it('asks at whole multiples of the interval where it is aligned', async () => {
    const { asked, poll } = noting(() => begun.time);
    const begun = begin({ intervalMs: 10_000, aligned: true }, poll);
    await begun.time.advance(30_000);
    expect(asked.map((ms) => new Date(ms).toISOString().slice(17, 23))).toEqual([
      '10.000',
      '20.000',
      '30.000',
    ]);
  });

  it('does not ask early where the timer does, and asks once', async () => {
    const time = new ManualTime(startMs);
    const asked: number[] = [];
    const poller = new Poller({
      plan: { intervalMs: 1000, aligned: true, deadlineMs: 5000 },
      poll: async () => void asked.push(time.nowUs() / 1000),
      clock: time,
      timers: {
        ...timersOf(time),
        after: (delayMs, callback) => time.after(Math.max(0, delayMs - 0.9), callback),
      },
      events: { failed: () => undefined, hung: () => undefined, gap: () => undefined },
    });
    await time.advance(3000);
    await poller.stop();
    expect(asked.map((ms) => Math.floor((ms % 1000) / 10))).toEqual([0, 0, 0]);
  });

  it('counts what falls due while a question is under way, and never asks twice at once', async () => {
    let answer = (): void => undefined;
    let asked = 0;
    const { time, poller } = begin({}, () => {
      asked += 1;
      return new Promise((resolve) => (answer = resolve));
    });
    await time.advance(3500);
    expect([asked, poller.counters.overrun]).toEqual([1, 3]);
    answer();
    await time.advance(0);
    await time.advance(1000);
    expect([asked, poller.counters]).toEqual([2, { answered: 1, failed: 0, overrun: 3, hung: 0 }]);
  });

  it('tells of a failure once a series, and of the gap when an answer comes again', async () => {
    const script = ['good', 'bad', 'bad', 'bad', 'good', 'bad'];
    const { time, poller, told } = begin({}, async () => {
      if (script.shift() === 'bad') throw new Error('no answer');
    });
    await time.advance(5500);
    expect(told).toEqual(['failed: no answer', 'gap 0…4000 ms: poll-failed', 'failed: no answer']);
    expect(poller.counters).toEqual({ answered: 2, failed: 4, overrun: 0, hung: 0 });
  });

  it('aborts a question that hangs, and waits for its end before the next', async () => {
    let release = (): void => undefined;
    let aborted = false;
    const first: Poll = async () => undefined;
    const hanging: Poll = (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => (aborted = true));
        release = resolve;
      });
    const script = [first, hanging, first];
    const { time, poller, told } = begin({ deadlineMs: 2500 }, (signal) => script.shift()!(signal));
    await time.advance(8500);
    expect([aborted, script.length, told]).toEqual([true, 1, ['hung']]);
    expect(poller.counters).toMatchObject({ hung: 1, overrun: 7 });
    release();
    await time.advance(0);
    await time.advance(1000);
    expect(told).toEqual(['hung', 'gap 0…8500 ms: poll-hung']);
  });

  it('stops although a question hangs for ever', async () => {
    const { time, poller } = begin({}, () => new Promise(() => undefined));
    await time.advance(0);
    const stopped = poller.stop();
    await time.advance(stopWaitMs);
    await stopped;
  });
});
