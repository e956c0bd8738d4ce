/** Where blocks come from: memory that is given back once it has been written. */
export interface BlockMemory {
  /** A block of full size; its content is of no meaning. */
  take(): Uint8Array;
}

/**
 * Cuts a stream of chunks of any size into blocks of the size that `memory` gives, the last one shorter. Chunks
 * are copied: whoever makes them may use their memory again.
 */
export async function* blocksOf(
  chunks: AsyncIterable<Uint8Array>,
  memory: BlockMemory,
): AsyncIterable<Uint8Array> {
  let block = memory.take();
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const taken = Math.min(chunk.length - at, block.length - filled);
      block.set(chunk.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled < block.length) continue;
      yield block;
      block = memory.take();
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}

/** Blocks that go round: as many are made as are out at the same time, and no more. */
export class RecycledBlocks implements BlockMemory {
  readonly #blockBytes: number;
  readonly #free: Uint8Array[] = [];

  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes;
  }

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(this.#blockBytes);
  }

  /** Takes back `block`, or the beginning of one. */
  give(block: Uint8Array): void {
    this.#free.push(new Uint8Array(block.buffer, 0, this.#blockBytes));
  }
}
