import type { FileHandle } from 'node:fs/promises';
import type { BlockPool } from './block-pool.ts';

/**
 * The first `sizeBytes` of a file or disk in blocks from `pool`, the last one shorter; ends early where the medium
 * does. `ahead` of them are being read while one is used. Whoever takes a block gives it back to the pool.
 */
export async function* readBlocks(
  handle: FileHandle,
  sizeBytes: number,
  { pool, ahead }: { readonly pool: BlockPool; readonly ahead: number },
): AsyncGenerator<Uint8Array, void> {
  const { blockBytes } = pool;
  const begun: ReturnType<typeof handle.read<Uint8Array>>[] = [];
  let next = 0;
  const beginMore = () => {
    for (; begun.length < ahead && next < sizeBytes; next += blockBytes) {
      const reading = handle.read(pool.take(), 0, blockBytes, next);
      // Nobody awaits what lies behind the last block that is used; its failure is told when it is, or not at all.
      reading.catch(() => undefined);
      begun.push(reading);
    }
  };
  beginMore();
  for (let at = 0, reading = begun.shift(); reading; at += blockBytes, reading = begun.shift()) {
    const { bytesRead, buffer } = await reading;
    beginMore();
    const wanted = Math.min(blockBytes, sizeBytes - at);
    if (bytesRead > 0) yield buffer.subarray(0, Math.min(bytesRead, wanted));
    if (bytesRead < wanted) return;
  }
}
