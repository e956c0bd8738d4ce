import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blocksOf, RecycledBlocks } from './blocks-of.ts';

async function* each(chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}

test('any cut of a stream gives the same blocks, in memory that goes round', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 16 }),
      async (chunks, blockBytes) => {
        const memory = new RecycledBlocks(blockBytes);
        const made = new Set<ArrayBufferLike>();
        const sizes: number[] = [];
        const out: number[] = [];
        for await (const block of blocksOf(each(chunks), memory)) {
          out.push(...block);
          sizes.push(block.length);
          made.add(block.buffer);
          memory.give(block);
        }
        expect(out).toEqual(chunks.flatMap((chunk) => [...chunk]));
        expect(sizes.slice(0, -1).every((size) => size === blockBytes)).toBe(true);
        expect(made.size).toBeLessThanOrEqual(1);
      },
    ),
  );
});
