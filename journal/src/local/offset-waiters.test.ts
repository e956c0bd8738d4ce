import { promotedBytes } from '@fieldline/protocol/testing';
import { describe, expect, test } from 'vitest';
import { OffsetWaiters } from './offset-waiters.ts';

describe('those who wait for an offset', () => {
  test('go when it is released, or empty-handed when their own signal aborts or the wait ends', async () => {
    const waiters = new OffsetWaiters();
    const [one, another] = [new AbortController(), new AbortController()];
    const low = waiters.wait(3, one.signal);
    const high = waiters.wait(7, one.signal);
    const other = waiters.wait(7, another.signal);
    const unsignalled = waiters.wait(9);
    waiters.release(4);
    expect(await low).toBe(true);
    one.abort();
    expect(await high).toBe(false);
    expect(await waiters.wait(0, one.signal)).toBe(false);
    waiters.release(8);
    expect(await other).toBe(true);
    waiters.end();
    expect(await unsignalled).toBe(false);
  });

  test('listen to a signal once, however often they wait with it', async () => {
    const waiters = new OffsetWaiters();
    const signal = new AbortController().signal;
    let listeners = 0;
    const listen = signal.addEventListener.bind(signal);
    signal.addEventListener = (...words: Parameters<typeof listen>) => {
      listeners += 1;
      listen(...words);
    };
    for (let offset = 0; offset < 100; offset++) {
      const waiting = waiters.wait(offset, signal);
      waiters.release(offset + 1);
      expect(await waiting).toBe(true);
    }
    expect(listeners).toBe(1);
  });

  test('leave nothing behind that lives on', async () => {
    const waiters = new OffsetWaiters();
    const { signal } = new AbortController();
    let offset = 0;
    const bytes = await promotedBytes(async () => {
      const waiting = Promise.all([waiters.wait(offset, signal), waiters.wait(offset, signal)]);
      waiters.release((offset += 1));
      await waiting;
    });
    expect(bytes).toBeLessThan(100_000);
  });
});
