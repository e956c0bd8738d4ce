import { expect, test } from 'vitest';
import { InTurn } from './in-turn.ts';

test('work begins when the one before it has ended, also where that failed', async () => {
  const inTurn = new InTurn();
  const order: string[] = [];
  const first = Promise.withResolvers<undefined>();
  const failing = inTurn.run(async () => {
    order.push('first begins');
    await first.promise;
    order.push(inTurn.isWaitedFor ? 'waited for' : 'alone');
    throw new Error('no');
  });
  const second = inTurn.run(async () => {
    order.push(inTurn.isWaitedFor ? 'waited for' : 'alone');
    return 2;
  });
  expect(inTurn.isBusy).toBe(false);
  await Promise.resolve();
  expect(inTurn.isBusy).toBe(true);
  first.resolve(undefined);
  await expect(failing).rejects.toThrow('no');
  expect(await second).toBe(2);
  expect(inTurn.isBusy).toBe(false);
  expect(order).toEqual(['first begins', 'waited for', 'alone']);
});
