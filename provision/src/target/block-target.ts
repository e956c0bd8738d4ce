import { createHash } from 'node:crypto';
import { FieldlineError } from '@fieldline/protocol';
import { BlockCache, type BlockStore } from './block-cache.ts';
import { BlockFingerprints } from './block-fingerprints.ts';
import { BlockPool } from './block-pool.ts';
import { Bounded } from './bounded.ts';
import { EarlySync } from './early-sync.ts';
import { Medium } from './medium.ts';
import { readBlocks } from './read-blocks.ts';

/** Named limits of writing and reading back. */
export const targetLimits = {
  /** What is read, hashed and written at once: large, since each costs turns of threads that may have to wait for a processor. */
  blockBytes: 1 * 1024 * 1024,
  /** Blocks that are being written; the kernel takes those of one file in turn. */
  writesInFlight: 2,
  /** Blocks that are read back while one is checked. */
  readBackAhead: 3,
  /** All that are out at the same time: those of the image, and those that are written, read back, or changed. */
  blocksInMemory: 16,
} as const;

const { blockBytes, writesInFlight, readBackAhead, blocksInMemory } = targetLimits;
const zeros = new Uint8Array(blockBytes);

/** Hears how many bytes are done; throws to stop the work (an interruption). */
export type OnBytes = (bytes: number) => void;

/**
 * A file or a disk that an image is written to: in blocks, each remembered by its fingerprint, so that one pass of
 * reading at the end proves every byte, those changed in between among them. SHA-256 is taken once, on the way.
 *
 * Order of calls: `write` the beginning, any of `readInto` and `patch` in it, `seal`, `write` the rest, `sync`,
 * `verify`. Failures of the medium reject with PROVISION_TARGET_FAILED, differences with PROVISION_VERIFY_FAILED.
 */
export class BlockTarget {
  /** Bytes of the image on it. */
  sizeBytes = 0;
  /** Memory of the blocks that `write` takes; it gives them back. */
  readonly pool = new BlockPool(blocksInMemory, blockBytes);
  readonly #medium: Medium;
  readonly #fingerprints = new BlockFingerprints();
  readonly #whole = createHash('sha256');
  readonly #earlySync: EarlySync;
  readonly #cache: BlockCache;
  #isSealed = false;

  private constructor(medium: Medium) {
    this.#medium = medium;
    this.#earlySync = new EarlySync(() => medium.syncBytes());
    this.#cache = new BlockCache(this.#store());
  }

  /** A new file; PROVISION_TARGET_REFUSED where there is one already. */
  static async createFile(path: string): Promise<BlockTarget> {
    return new BlockTarget(await Medium.createFile(path));
  }

  /**
   * A whole disk of `capacityBytes`, taken for this process alone; PROVISION_TARGET_REFUSED while a partition of
   * it is mounted.
   */
  static async openDisk(path: string, capacityBytes: number): Promise<BlockTarget> {
    return new BlockTarget(await Medium.openDisk(path, capacityBytes));
  }

  get path(): string {
    return this.#medium.path;
  }

  /**
   * Writes blocks of the image, going on where it stopped, until `untilBytes` are written or there are no more.
   * PROVISION_TARGET_TOO_SMALL where they do not fit.
   */
  async write(blocks: AsyncIterator<Uint8Array, void>, untilBytes: number, onBytes: OnBytes): Promise<void> {
    const running = new Bounded(writesInFlight);
    while (this.sizeBytes < untilBytes) {
      const { value: block } = await blocks.next();
      if (!block) break;
      this.#checkRoom(this.sizeBytes + block.length);
      const begun = running.add(() => this.#writeBlock(block));
      // While the kernel copies them: the block goes back to the pool only after this turn.
      if (this.#isSealed) this.#whole.update(block);
      await begun;
      onBytes(this.sizeBytes);
    }
    await running.done();
    await this.#medium.setSize(this.sizeBytes);
  }

  /** Reads `into.length` bytes at `position`, at once: file systems are read by code that cannot wait. */
  readInto(into: Uint8Array, position: number): void {
    this.#cache.read(into, position);
  }

  /**
   * Changes bytes of the written image. What lies around them is read and compared with what was written first,
   * so that no damage of the medium becomes part of what is expected.
   */
  patch(bytes: Uint8Array, position: number): void {
    this.#cache.write(bytes, position);
  }

  /** Ends the patches, and takes the SHA-256 of what was written up to here. */
  async seal(): Promise<void> {
    this.#cache.flush();
    await this.#readAll({ fromMedium: false }, (block) => this.#whole.update(block));
    this.#isSealed = true;
  }

  /** Resolves when everything is on the medium. */
  async sync(): Promise<void> {
    await this.#earlySync.done();
    await this.#medium.sync();
  }

  /**
   * Reads all of it back and compares it with what was written. Answers the SHA-256 of the whole image as it lies
   * there, in hexadecimal.
   */
  async verify(onBytes: OnBytes): Promise<string> {
    let count = 0;
    await this.#readAll({ fromMedium: true }, (block) => {
      count += block.length;
      onBytes(count);
    });
    return this.#whole.digest('hex');
  }

  /** Removes a file that was not finished; a disk stays as it is. */
  async discard(): Promise<void> {
    await this.#medium.discard();
  }

  /** Gives the file or disk back. */
  async close(): Promise<void> {
    await this.#earlySync.done().catch(() => undefined);
    await this.#medium.close();
  }

  async #writeBlock(block: Uint8Array): Promise<void> {
    const at = this.sizeBytes;
    this.sizeBytes += block.length;
    // A new file reads zeros where nothing was written; a card does not.
    const isHole = !this.#medium.isDisk && Buffer.compare(block, zeros.subarray(0, block.length)) === 0;
    const written = isHole ? undefined : this.#medium.write(block, at);
    this.#fingerprints.set(at / blockBytes, block);
    await written;
    this.pool.give(block);
    await this.#earlySync.wrote(block.length);
  }

  /** Reads what was written, block by block, each compared with its fingerprint before `use` has it. */
  async #readAll(from: { readonly fromMedium: boolean }, use: (block: Uint8Array) => void): Promise<void> {
    const { pool, sizeBytes } = this;
    let at = 0;
    await this.#medium.reading(from.fromMedium, async (handle) => {
      for await (const block of readBlocks(handle, sizeBytes, { pool, ahead: readBackAhead })) {
        if (!this.#fingerprints.matches(at / blockBytes, block)) this.#differs(at);
        use(block);
        at += block.length;
        pool.give(block);
      }
    });
    if (at !== sizeBytes) this.#differs(at);
  }

  #store(): BlockStore {
    const written = (index: number, block: Uint8Array) =>
      block.subarray(0, Math.min(blockBytes, this.sizeBytes - index * blockBytes));
    return {
      pool: this.pool,
      load: (index, block) => {
        this.#medium.readNow(block, index * blockBytes);
        const isKnown = this.#fingerprints.has(index);
        if (isKnown && !this.#fingerprints.matches(index, written(index, block)))
          this.#differs(index * blockBytes);
      },
      save: (index, block) => {
        this.#medium.writeNow(written(index, block), index * blockBytes);
        this.#fingerprints.set(index, written(index, block));
      },
    };
  }

  #checkRoom(bytes: number): void {
    const { capacityBytes, path } = this.#medium;
    if (bytes <= capacityBytes) return;
    const detail = `It has ${capacityBytes} bytes; the image has more.`;
    throw new FieldlineError('PROVISION_TARGET_TOO_SMALL', { subject: path, detail });
  }

  #differs(at: number): never {
    const detail = `The first difference lies between byte ${at} and ${at + blockBytes}.`;
    throw new FieldlineError('PROVISION_VERIFY_FAILED', { subject: this.path, detail });
  }
}
