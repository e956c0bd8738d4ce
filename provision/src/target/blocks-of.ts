import type { BlockPool } from './block-pool.ts';

/**
 * Cuts a stream of chunks of any size into blocks from `pool`, the last one shorter. Chunks are copied: whoever
 * makes them may use their memory again. Whoever takes a block gives it back to the pool.
 */
export async function* blocksOf(
  chunks: AsyncIterable<Uint8Array>,
  pool: BlockPool,
): AsyncGenerator<Uint8Array, void> {
  let block = pool.take();
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const taken = Math.min(chunk.length - at, block.length - filled);
      block.set(chunk.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled < block.length) continue;
      yield block;
      block = pool.take();
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
  else pool.give(block);
}
