import type { BlockPool } from './block-pool.ts';

/** Blocks in memory at a time: a FAT and its copy, a folder, and the file's own. */
export const cachedBlocksMax = 4;

/** Where blocks come from and go to, at once: file systems are read by code that cannot wait. */
export interface BlockStore {
  readonly pool: BlockPool;
  /** Fills `block` with block number `index`. */
  load(index: number, block: Uint8Array): void;
  save(index: number, block: Uint8Array): void;
}

interface CachedBlock {
  readonly bytes: Uint8Array;
  isChanged: boolean;
}

/**
 * The blocks that code reads and changes sector by sector: 77,000 writes of one sector each for the 38 MB of a
 * runtime otherwise. What was not asked for the longest time goes first.
 */
export class BlockCache {
  readonly #store: BlockStore;
  /** In the order of their use. */
  readonly #blocks = new Map<number, CachedBlock>();
  #latest = -1;

  constructor(store: BlockStore) {
    this.#store = store;
  }

  /** Reads `into.length` bytes at `position`. */
  read(into: Uint8Array, position: number): void {
    this.#each(into, position, (piece, { bytes }, start) => {
      piece.set(bytes.subarray(start, start + piece.length));
    });
  }

  /** Changes `bytes.length` bytes at `position`; they reach the store with `flush` at the latest. */
  write(bytes: Uint8Array, position: number): void {
    this.#each(bytes, position, (piece, cached, start) => {
      cached.bytes.set(piece, start);
      cached.isChanged = true;
    });
  }

  /** Saves what was changed and forgets everything. */
  flush(): void {
    for (const index of [...this.#blocks.keys()]) this.#forget(index);
  }

  #each(
    bytes: Uint8Array,
    position: number,
    use: (piece: Uint8Array, cached: CachedBlock, start: number) => void,
  ): void {
    const { blockBytes } = this.#store.pool;
    for (let at = 0; at < bytes.length;) {
      const index = Math.floor((position + at) / blockBytes);
      const start = position + at - index * blockBytes;
      const end = Math.min(bytes.length, at + blockBytes - start);
      use(bytes.subarray(at, end), this.#block(index), start);
      at = end;
    }
  }

  #block(index: number): CachedBlock {
    const cached = this.#blocks.get(index) ?? this.#load(index);
    if (index !== this.#latest) {
      this.#blocks.delete(index);
      this.#blocks.set(index, cached);
      this.#latest = index;
    }
    return cached;
  }

  #load(index: number): CachedBlock {
    const [oldest] = this.#blocks.keys();
    if (oldest !== undefined && this.#blocks.size >= cachedBlocksMax) this.#forget(oldest);
    const bytes = this.#store.pool.take();
    this.#store.load(index, bytes);
    return { bytes, isChanged: false };
  }

  #forget(index: number): void {
    const cached = this.#blocks.get(index);
    if (!cached) return;
    this.#blocks.delete(index);
    if (index === this.#latest) this.#latest = -1;
    if (cached.isChanged) this.#store.save(index, cached.bytes);
    this.#store.pool.give(cached.bytes);
  }
}
