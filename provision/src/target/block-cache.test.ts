import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlockCache, cachedBlocksMax } from './block-cache.ts';
import { BlockPool } from './block-pool.ts';

const blockBytes = 16;
const diskBytes = blockBytes * (cachedBlocksMax + 5);

test('what is read is what was written last, and with flush the store has all of it', () => {
  const place = fc.nat({ max: diskBytes - 1 });
  const step = fc.record({ at: place, bytes: fc.uint8Array({ maxLength: 40 }), isWrite: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const disk = new Uint8Array(diskBytes);
      const expected = new Uint8Array(diskBytes);
      const pool = new BlockPool(cachedBlocksMax, blockBytes);
      const cache = new BlockCache({
        pool,
        load: (index, block) => block.set(disk.subarray(index * blockBytes, (index + 1) * blockBytes)),
        save: (index, block) => disk.set(block, index * blockBytes),
      });
      for (const { at, bytes, isWrite } of steps) {
        const piece = bytes.subarray(0, diskBytes - at);
        if (isWrite) {
          cache.write(piece, at);
          expected.set(piece, at);
        }
        const read = new Uint8Array(piece.length);
        cache.read(read, at);
        expect(read).toEqual(expected.slice(at, at + piece.length));
      }
      cache.flush();
      expect(disk).toEqual(expected);
      // All blocks went back to the pool.
      expect(Array.from({ length: cachedBlocksMax }, () => pool.take())).toHaveLength(cachedBlocksMax);
    }),
  );
});
