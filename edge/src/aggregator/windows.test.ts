import { Sketch } from '@fieldline/protocol/aggregate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CountWindows } from './count-windows.ts';
import { HoppingGroup } from './hopping-group.ts';
import { reorderRowsMax } from './reorder-buffer.ts';
import { SessionWindows } from './session-windows.ts';
import type { ClosedWindows } from './window-columns.ts';
import { WindowGroup } from './window-group.ts';
import type { WindowedStream, WindowSource } from './window-source.ts';

const second = 1_000_000;
const latenessUs = 5 * second;

interface Reading {
  readonly tUs: number;
  readonly value: number;
  readonly arrivesUs: number;
}

/** Readings of different times that each arrive within the lateness, several at once, in any order. */
const arrivals = fc
  .uniqueArray(
    fc.record({
      tUs: fc.integer({ min: 0, max: 600 }).map((tenths) => tenths * 100_000),
      value: fc.double({ min: -50, max: 50, noNaN: true }).map((value) => value + 0),
      delaySec: fc.integer({ min: 0, max: 4 }),
    }),
    { selector: ({ tUs }) => tUs, maxLength: 80 },
  )
  .map((list) =>
    list.map(({ tUs, value, delaySec }): Reading => {
      return { tUs, value, arrivesUs: Math.ceil(tUs / second) * second + delaySec * second };
    }),
  );

interface Counted {
  readonly stream: WindowedStream;
  readonly filtered: Record<string, number>;
  readonly lost: Record<string, number>;
}

function countedStream(): Counted {
  const [filtered, lost]: Record<string, number>[] = [{}, {}];
  const count = (into: Record<string, number>) => (reason: string, number: number) => {
    into[reason] = (into[reason] ?? 0) + number;
  };
  const stream = { column: 0, quantity: 'x', unit: 'V', sketch: true };
  return {
    stream: { ...stream, filter: count(filtered!), lose: count(lost!) },
    filtered: filtered!,
    lost: lost!,
  };
}

function record(source: WindowSource, rows: readonly Pick<Reading, 'tUs' | 'value'>[]): void {
  const t = Float64Array.from(rows, ({ tUs }) => tUs);
  source.record(
    0,
    t,
    Float64Array.from(rows, ({ value }) => value),
  );
}

/** Lets readings arrive, a block for each time of arrival, with the clock going on; then closes all that is due. */
function replay(source: WindowSource, readings: readonly Reading[]): ClosedWindows | undefined {
  for (const nowUs of [...new Set(readings.map(({ arrivesUs }) => arrivesUs))].sort((a, b) => a - b)) {
    source.closeDue(nowUs);
    record(
      source,
      readings.filter(({ arrivesUs }) => arrivesUs === nowUs),
    );
  }
  source.closeDue(1000 * second);
  return source.take(10_000);
}

interface Expected {
  readonly startUs: number;
  readonly endUs: number;
  readonly readings: readonly Reading[];
}

function byTime(readings: readonly Reading[]): Reading[] {
  return [...readings].sort((a, b) => a.tUs - b.tUs);
}

function expectWindows(found: ClosedWindows | undefined, expected: readonly Expected[]): void {
  expect([...(found?.start ?? [])]).toEqual(expected.map(({ startUs }) => startUs));
  expect([...(found?.end ?? [])]).toEqual(expected.map(({ endUs }) => endUs));
  expected.forEach(({ readings }, index) => {
    const values = byTime(readings).map(({ value }) => value);
    const field = found?.fields['x'];
    const sum = values.reduce((total, value) => total + value, 0);
    const m2 = values.reduce((total, value) => total + (value - sum / values.length) ** 2, 0);
    expect(field?.count[index]).toBe(values.length);
    expect([field?.min[index], field?.max[index]]).toEqual([Math.min(...values), Math.max(...values)]);
    expect([field?.first[index], field?.last[index]]).toEqual([values[0], values.at(-1)]);
    expect(field?.sum[index]).toBeCloseTo(sum, 6);
    expect(field?.m2[index]).toBeCloseTo(m2, 4);
    const sketch = new Sketch();
    sketch.recordBlock(Float64Array.from(values));
    expect(field?.sketch?.[index]).toEqual(sketch.encode());
  });
}

/** Every window of `lengthUs` that starts at a multiple of `everyUs` and holds a reading, by looking at all. */
function bruteForce(readings: readonly Reading[], lengthUs: number, everyUs: number): Expected[] {
  const windows: Expected[] = [];
  for (let startUs = -Math.ceil(lengthUs / everyUs) * everyUs; startUs <= 60 * second; startUs += everyUs) {
    const endUs = startUs + lengthUs;
    const inside = readings.filter(({ tUs }) => tUs >= startUs && tUs < endUs);
    if (inside.length > 0) windows.push({ startUs, endUs, readings: inside });
  }
  return windows;
}

function sessionsOf(readings: readonly Reading[], gapUs: number): Expected[] {
  const sessions: Reading[][] = [];
  for (const reading of byTime(readings)) {
    const session = sessions.at(-1);
    if (session && reading.tUs - session.at(-1)!.tUs < gapUs) session.push(reading);
    else sessions.push([reading]);
  }
  return sessions.map((each) => ({
    startUs: each[0]!.tUs,
    endUs: each.at(-1)!.tUs + 1,
    readings: each,
  }));
}

describe('whatever the order of arrival within the lateness', () => {
  it('tumbling windows are those of the oracle', () => {
    fc.assert(
      fc.property(arrivals, fc.constantFrom(1, 7, 10), (readings, seconds) => {
        const { stream, filtered } = countedStream();
        const lengthUs = seconds * second;
        const options = { streams: [stream], window: `${seconds}s`, lengthUs, latenessUs, startedAtUs: 0 };
        expectWindows(replay(new WindowGroup(options), readings), bruteForce(readings, lengthUs, lengthUs));
        expect(filtered).toEqual({});
      }),
    );
  });

  it('hopping windows equal brute force, overlapping or apart', () => {
    const hops = fc.constantFrom([10, 2], [10, 3], [7, 5], [6, 6], [3, 10], [30, 1]);
    fc.assert(
      fc.property(arrivals, hops, (readings, [length = 1, every = 1]) => {
        const { stream } = countedStream();
        const plan = {
          window: `hop:${length}s:${every}s`,
          lengthUs: length * second,
          everyUs: every * second,
        };
        const group = new HoppingGroup({ streams: [stream], plan, latenessUs, startedAtUs: -100 * second });
        const found = replay(group, readings);
        expectWindows(found, bruteForce(readings, plan.lengthUs, plan.everyUs));
        expect(found?.partial).toBeUndefined();
        expect(group.openCount()).toBe(0);
      }),
    );
  });

  it('sessions are those of the oracle', () => {
    fc.assert(
      fc.property(arrivals, fc.constantFrom(0.3, 1, 5), (readings, gapSec) => {
        const { stream, filtered } = countedStream();
        const gapUs = gapSec * second;
        const sessions = new SessionWindows({
          stream,
          gapUs,
          maxUs: 100 * second,
          latenessUs,
          startedAtUs: -100 * second,
        });
        const found = replay(sessions, readings);
        expectWindows(found, sessionsOf(readings, gapUs));
        expect(found?.partial).toBeUndefined();
        expect([filtered, sessions.openCount()]).toEqual([{}, 0]);
      }),
    );
  });

  it('windows by count hold the readings in the order of their times, and what is over stays open', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 9 }), (readings, size) => {
        const { stream, filtered } = countedStream();
        const windows = new CountWindows({ stream, readings: size, latenessUs });
        const sorted = byTime(readings);
        const full = Math.floor(sorted.length / size);
        const expected = Array.from({ length: full }, (_, index) => sorted.slice(index * size, (index + 1) * size)); // prettier-ignore
        expectWindows(
          replay(windows, readings),
          expected.map((each) => ({
            startUs: each[0]!.tUs,
            endUs: each.at(-1)!.tUs + 1,
            readings: each,
          })),
        );
        expect(windows.openCount()).toBe(sorted.length - full * size);
        windows.closeAll();
        const rest = windows.take(10);
        expect(rest?.fields['x']?.count[0] ?? 0).toBe(sorted.length - full * size);
        expect([...(rest?.partial ?? [])]).toEqual(sorted.length > full * size ? [1] : []);
        expect(filtered).toEqual({});
      }),
    );
  });
});

describe('readings beyond the lateness', () => {
  const rows = (...seconds: number[]): Reading[] =>
    seconds.map((at) => ({ tUs: at * second, value: at, arrivesUs: 0 }));

  it('are counted as late by count and session windows, and become NaN for the copies', () => {
    for (const make of [
      (stream: WindowedStream) => new CountWindows({ stream, readings: 10, latenessUs }),
      (stream: WindowedStream) =>
        new SessionWindows({ stream, gapUs: second, maxUs: 100 * second, latenessUs, startedAtUs: 0 }),
    ]) {
      const { stream, filtered } = countedStream();
      const source = make(stream);
      record(source, rows(20));
      source.closeDue(30 * second);
      const v = Float64Array.of(1, 2, 3);
      source.record(0, Float64Array.of(24 * second, 26 * second, 3 * second), v);
      expect(filtered).toEqual({ late: 2 });
      expect([...v]).toEqual([NaN, 2, NaN]);
    }
  });

  it('are left out of hopping windows that are closed, and go into those that are not', () => {
    const { stream, filtered } = countedStream();
    const plan = { window: 'hop:10s:5s', lengthUs: 10 * second, everyUs: 5 * second };
    const group = new HoppingGroup({ streams: [stream], plan, latenessUs: 0, startedAtUs: -10 * second });
    record(group, rows(1, 6));
    group.closeDue(10 * second);
    record(group, rows(7, 2));
    group.closeDue(20 * second);
    const found = group.take(10);
    expect([...(found?.start ?? [])]).toEqual([-5 * second, 0, 5 * second]);
    expect([...(found?.fields['x']?.count ?? [])]).toEqual([1, 2, 2]);
    expect(filtered).toEqual({ late: 1 });
  });
});

describe('windows that end early', () => {
  it('are partial: a session under way at a stop, or longer than its limit, and the one that goes on', () => {
    const { stream } = countedStream();
    const times = { gapUs: 2 * second, maxUs: 10 * second, latenessUs: 0, startedAtUs: -10 * second };
    const sessions = new SessionWindows({ stream, ...times });
    for (let at = 0; at < 15; at++) {
      sessions.closeDue(at * second);
      record(sessions, [{ tUs: at * second, value: at }]);
    }
    sessions.closeAll(15 * second);
    const found = sessions.take(10);
    expect([...(found?.fields['x']?.count ?? [])]).toEqual([10, 5]);
    expect([...(found?.partial ?? [])]).toEqual([1, 1]);
    record(sessions, [{ tUs: 20 * second, value: 1 }]);
    sessions.closeAll(30 * second);
    expect(sessions.take(10)?.partial).toBeUndefined();
  });

  it('are partial among hopping windows too, where they began before the agent or end after it', () => {
    const { stream } = countedStream();
    const plan = { window: 'hop:10s:5s', lengthUs: 10 * second, everyUs: 5 * second };
    const group = new HoppingGroup({ streams: [stream], plan, latenessUs: 0, startedAtUs: 0 });
    record(group, [1, 6, 11].map((at) => ({ tUs: at * second, value: at }))); // prettier-ignore
    group.closeAll(16 * second);
    const found = group.take(10);
    expect([...(found?.start ?? [])]).toEqual([-5, 0, 5, 10].map((at) => at * second));
    expect([...(found?.partial ?? [])]).toEqual([1, 0, 0, 1]);
  });
});

describe('what a crash would lose', () => {
  it('of hopping windows is shown too, and each part is what the whole lacks', () => {
    const times = fc.uniqueArray(fc.nat(300), { maxLength: 60 });
    const plans = fc.constantFrom([10, 5], [10, 3], [4, 10], [10, 10]);
    fc.assert(
      fc.property(times, fc.nat(300), plans, (list, crashSec, [lengthSec = 0, everySec = 0]) => {
        const plan = { window: 'hop', lengthUs: lengthSec * second, everyUs: everySec * second };
        const groupFrom = (startedAtUs: number): HoppingGroup =>
          new HoppingGroup({ streams: [countedStream().stream], plan, latenessUs: 0, startedAtUs });
        const [whole, before, after] = [groupFrom(-1e9), groupFrom(-1e9), groupFrom(crashSec * second)];
        const shown: (ClosedWindows | undefined)[] = [];
        for (const sec of [...list].sort((a, b) => a - b)) {
          const group = sec < crashSec ? before : after;
          for (const each of [whole, group]) {
            record(each, [{ tUs: sec * second, value: sec }]);
            each.closeDue(sec * second);
          }
          if (group === before) shown.push(before.take(1e6));
        }
        shown.push(before.peek());
        for (const each of [whole, after]) each.closeAll(1e9);
        shown.push(after.take(1e6));
        const counts = new Map<number, number>();
        const seen = new Set<number>();
        for (const part of shown) {
          part?.start.forEach((startUs, row) => {
            const count = part.fields['x']?.count[row] ?? 0;
            counts.set(startUs, (counts.get(startUs) ?? 0) + count);
            if (seen.has(startUs)) expect(part.partial?.[row]).toBe(1);
            seen.add(startUs);
          });
        }
        const expected = whole.take(1e6);
        expect(counts).toEqual(
          new Map([...(expected?.start ?? [])].map((at, row) => [at, expected?.fields['x']?.count[row]])),
        );
      }),
    );
  });

  it('of hopping windows that are many is left to the gap of the restart', () => {
    const plan = { window: 'hop', lengthUs: 1000 * second, everyUs: second };
    const group = new HoppingGroup({
      streams: [countedStream().stream],
      plan,
      latenessUs: 0,
      startedAtUs: 0,
    });
    record(group, [{ tUs: 1e6 * second, value: 1 }]);
    expect(group.peek()).toBeUndefined();
  });

  it('is shown as it would travel, open windows as partial, and stays', () => {
    const rows = [1, 2, 3, 4, 5].map((at) => ({ tUs: at * second, value: at }));
    const { stream } = countedStream();
    const count = new CountWindows({ stream, readings: 2, latenessUs });
    const session = new SessionWindows({
      stream,
      gapUs: 2 * second,
      maxUs: 99 * second,
      latenessUs,
      startedAtUs: -9e6,
    });
    for (const [source, counts, partial] of [
      [count, [2, 2, 1], [0, 0, 1]],
      [session, [5], [1]],
    ] as const) {
      record(source, rows);
      for (let again = 0; again < 2; again++) {
        const shown = source.peek();
        expect([...(shown?.fields['x']?.count ?? [])]).toEqual(counts);
        expect([...(shown?.partial ?? [])]).toEqual(partial);
        expect(source.openCount()).toBe(5);
      }
    }
  });
});

describe('limits', () => {
  it('a stream that never pauses is cut, a buffer that is full passes its oldest on, none is lost', () => {
    const { stream, filtered, lost } = countedStream();
    const windows = new CountWindows({ stream, readings: 1000, latenessUs: 1e12 });
    const rows = reorderRowsMax + 5000;
    windows.record(0, Float64Array.from({ length: rows }, (_, at) => at), new Float64Array(rows)); // prettier-ignore
    expect(windows.openCount()).toBe(rows);
    expect(windows.closedCount).toBe(reorderRowsMax / 2 / 1000);
    expect([filtered, lost]).toEqual([{}, {}]);
  });
});
