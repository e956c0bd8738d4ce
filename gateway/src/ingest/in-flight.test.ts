import { describe, expect, test } from 'vitest';
import { InFlight } from './in-flight.ts';

describe('InFlight', () => {
  test('lets batches in up to either limit, and the others in their order as room is given back', async () => {
    const inFlight = new InFlight({ batches: 2, bytes: 100 });
    expect(inFlight.take(10)).toBeUndefined();
    expect(inFlight.take(90)).toBeUndefined();
    expect(inFlight.full).toBe(true);
    const entered: number[] = [];
    const waiting = [1, 2].map(async (each) => {
      await inFlight.take(50);
      entered.push(each);
    });
    inFlight.give(10);
    // One of two places is free, but 90 bytes are still taken: 50 more begin at once below 100.
    await waiting[0];
    expect(entered).toEqual([1]);
    expect(inFlight.batches).toBe(2);
    inFlight.give(90);
    await waiting[1];
    expect(entered).toEqual([1, 2]);
    inFlight.give(50);
    inFlight.give(50);
    expect([inFlight.batches, inFlight.bytes, inFlight.full]).toEqual([0, 0, false]);
  });

  test('wakes who waits for relief once, and nobody who has gone', () => {
    const inFlight = new InFlight({ batches: 1, bytes: 100 });
    void inFlight.take(1);
    const woken: string[] = [];
    const gone = () => woken.push('gone');
    inFlight.whenRelieved(() => woken.push('here'));
    inFlight.whenRelieved(gone);
    inFlight.forget(gone);
    inFlight.give(1);
    void inFlight.take(1);
    inFlight.give(1);
    expect(woken).toEqual(['here']);
  });

  test('wakes the sockets when half of it has settled, not at each place that is given back', () => {
    const inFlight = new InFlight({ batches: 4, bytes: 100 });
    for (let batch = 0; batch < 4; batch++) void inFlight.take(10);
    let woken = 0;
    inFlight.whenRelieved(() => (woken += 1));
    inFlight.give(10);
    expect([woken, inFlight.full]).toEqual([0, false]);
    inFlight.give(10);
    expect(woken).toBe(1);
  });
});
