import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openGatewayDatabase } from '../home/gateway-database.ts';
import { DigestBlocks, seqsPerBlock } from './digest-blocks.ts';

describe('DigestBlocks', () => {
  test('answer what was set, over saves and restarts', () => {
    const seq = fc.integer({ min: 1, max: 5 * seqsPerBlock });
    const step = fc.oneof(
      fc.record({ seq, digest: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }) }),
      fc.constantFrom('save' as const, 'restart' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const database = openGatewayDatabase(':memory:');
        let digests = new DigestBlocks(database).of({ device: 'porch', epoch: 'e' });
        const expected = new Map<number, number>();
        const save = (): void => {
          digests.save(0);
          digests.saved(Math.max(0, ...expected.keys()));
        };
        for (const each of steps) {
          if (each === 'save') save();
          else if (each === 'restart') {
            save();
            digests = new DigestBlocks(database).of({ device: 'porch', epoch: 'e' });
          } else {
            digests.set(each.seq, each.digest);
            expected.set(each.seq, each.digest);
          }
        }
        for (let each = 1; each <= 5 * seqsPerBlock; each += 7)
          expect(digests.get(each)).toBe(expected.get(each));
        for (const [each, digest] of expected) expect(digests.get(each)).toBe(digest);
        database.close();
      }),
      { numRuns: 40 },
    );
  });

  test('of another epoch or device are others, and what is old enough goes', () => {
    const database = openGatewayDatabase(':memory:');
    const blocks = new DigestBlocks(database);
    const digests = blocks.of({ device: 'porch', epoch: 'e' });
    const newest = 3 * seqsPerBlock;
    for (const seq of [1, newest]) digests.set(seq, 7);
    digests.save(2 * seqsPerBlock);
    digests.saved(newest);
    expect([digests.get(1), digests.get(newest)]).toEqual([undefined, 7]);
    expect(blocks.of({ device: 'porch', epoch: 'f' }).get(newest)).toBeUndefined();
    expect(blocks.of({ device: 'attic', epoch: 'e' }).get(newest)).toBeUndefined();
    database.close();
  });
});
