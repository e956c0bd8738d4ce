import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PendingConnections } from './pending-connections.ts';

const limits = { unauthenticatedConnections: 5, unauthenticatedPerAddress: 3 };

test('one address has its share and no more, and leaves room for others', () => {
  const pending = new PendingConnections(limits);
  const flood = Array.from({ length: 6 }, () => pending.enter('192.0.2.1'));
  expect(flood.filter((each) => each === 'ADDRESS_LIMIT')).toHaveLength(3);
  const other = pending.enter('192.0.2.2');
  expect(typeof other).toBe('function');
  // Hosts of one /64 are one address; the same host over IPv4 in IPv6 is the same host.
  expect(pending.enter('::ffff:192.0.2.1')).toBe('ADDRESS_LIMIT');
  expect(typeof pending.enter('2001:db8::1')).toBe('function');
  expect(pending.enter('2001:db8::2')).toBe('UNAUTHENTICATED_LIMIT');
  const [leave] = flood;
  if (typeof leave === 'function') leave();
  expect(typeof pending.enter('192.0.2.1')).toBe('function');
});

test('counts what is there in any order of coming and going, and never below nothing', () => {
  const step = fc.record({ address: fc.constantFrom('a', 'b', 'c'), leaves: fc.boolean(), at: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pending = new PendingConnections(limits);
      const open: { address: string; leave: () => void; isGone: boolean }[] = [];
      for (const { address, leaves, at } of steps) {
        const chosen = open[at];
        if (leaves && chosen) {
          // Leaving twice counts once.
          chosen.leave();
          chosen.isGone = true;
          continue;
        }
        const entered = pending.enter(address);
        const here = open.filter(({ isGone }) => !isGone);
        const ofAddress = here.filter((each) => each.address === address).length;
        if (typeof entered === 'function') open.push({ address, leave: entered, isGone: false });
        else expect(here.length >= 5 || ofAddress >= 3).toBe(true);
        expect(pending.count).toBe(open.filter(({ isGone }) => !isGone).length);
      }
    }),
  );
});
