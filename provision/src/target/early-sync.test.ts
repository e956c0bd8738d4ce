import { expect, test } from 'vitest';
import { EarlySync } from './early-sync.ts';

const limits = { everyBytes: 10, unsyncedBytesMax: 30 } as const;

/** Synchronisations that end when the test says so. */
function medium() {
  const running: PromiseWithResolvers<undefined>[] = [];
  const early = new EarlySync(() => {
    const sync = Promise.withResolvers<undefined>();
    running.push(sync);
    return sync.promise.then(() => undefined);
  }, limits);
  return { running, early };
}

test('one runs at a time, from the first limit on; at the second, writing waits for it', async () => {
  const { running, early } = medium();
  await early.wrote(9);
  expect(running).toHaveLength(0);
  await early.wrote(1);
  expect(running).toHaveLength(1);
  await early.wrote(29);
  expect(running).toHaveLength(1);
  let hasWaited = false;
  const waiting = early.wrote(1).then(() => (hasWaited = true));
  await Promise.resolve();
  expect(hasWaited).toBe(false);
  running[0]?.resolve(undefined);
  await waiting;
  expect(running).toHaveLength(2);
  running[1]?.resolve(undefined);
  await early.done();
});

test('a failure is told to whoever writes next, and at the end', async () => {
  const { running, early } = medium();
  await early.wrote(10);
  const failure = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
  running[0]?.reject(failure);
  await expect(early.done()).rejects.toBe(failure);
  await expect(early.wrote(1)).rejects.toBe(failure);
});
