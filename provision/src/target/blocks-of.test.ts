import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlockPool } from './block-pool.ts';
import { blocksOf } from './blocks-of.ts';

async function* each(chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

test('any cut of a stream gives the same blocks, in memory that goes round', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 16 }),
      async (chunks, blockBytes) => {
        // One block is all there is: it is asked for again only after it was given back.
        const pool = new BlockPool(1, blockBytes);
        const sizes: number[] = [];
        const out: number[] = [];
        for await (const block of blocksOf(each(chunks), pool)) {
          out.push(...block);
          sizes.push(block.length);
          pool.give(block);
        }
        expect(out).toEqual(chunks.flatMap((chunk) => [...chunk]));
        expect(sizes.slice(0, -1).every((size) => size === blockBytes)).toBe(true);
        expect(pool.take()).toHaveLength(blockBytes);
      },
    ),
  );
});
