import { hash, createHash, webcrypto } from 'node:crypto';
import { constants, readSync, writeSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { FieldlineError } from '@fieldline/protocol';
import { BlockDigests } from './block-digests.ts';
import { blocksOf, RecycledBlocks } from './blocks-of.ts';
import { Bounded } from './bounded.ts';
import { readBack } from './read-back.ts';

/** Named limits of writing and reading back. */
export const targetLimits = {
  /** What is written, hashed and read back at once. */
  blockBytes: 1024 * 1024,
  /** Blocks in memory at a time: the bound of the buffer between unpacking and the card. */
  blocksInFlight: 8,
} as const;

const { blockBytes, blocksInFlight } = targetLimits;
const zeros = new Uint8Array(blockBytes);

/** Hears how many bytes are done; throws to stop the work (an interruption). */
export type OnBytes = (bytes: number) => void;

/**
 * A file or a disk that an image is written to: in blocks, each remembered by its digest, so that one pass of
 * reading at the end proves every byte, those changed in between among them.
 *
 * Order of calls: `write`, then any of `readInto` and `patch`, then `seal`, then `verify`.
 * Failures of the medium reject with PROVISION_TARGET_FAILED, differences with PROVISION_VERIFY_FAILED.
 */
export class BlockTarget {
  readonly path: string;
  /** Bytes of the image on it. */
  sizeBytes = 0;
  readonly #handle: FileHandle;
  readonly #isDevice: boolean;
  readonly #capacityBytes: number;
  readonly #digests = new BlockDigests();
  /** Blocks that were patched and whose digest is not made anew yet. */
  readonly #patched = new Set<number>();
  /** One block, for what is read and hashed at once. */
  readonly #scratch = new Uint8Array(blockBytes);

  private constructor(
    path: string,
    handle: FileHandle,
    medium: { isDevice: boolean; capacityBytes: number },
  ) {
    this.path = path;
    this.#handle = handle;
    this.#isDevice = medium.isDevice;
    this.#capacityBytes = medium.capacityBytes;
  }

  /** A new file; PROVISION_TARGET_REFUSED where there is one already. */
  static async createFile(path: string): Promise<BlockTarget> {
    const handle = await open(path, 'wx+', 0o600).catch((cause: unknown) => refused(path, cause));
    return new BlockTarget(path, handle, { isDevice: false, capacityBytes: Infinity });
  }

  /**
   * A whole disk of `capacityBytes`, taken for this process alone: the kernel answers EBUSY while a partition of
   * it is mounted, which is PROVISION_TARGET_REFUSED here.
   */
  static async openDisk(path: string, capacityBytes: number): Promise<BlockTarget> {
    const handle = await open(path, constants.O_RDWR | constants.O_EXCL).catch((cause: unknown) =>
      refused(path, cause),
    );
    return new BlockTarget(path, handle, { isDevice: true, capacityBytes });
  }

  /** Writes the whole image from the first byte on. PROVISION_TARGET_TOO_SMALL where it does not fit. */
  async write(chunks: AsyncIterable<Uint8Array>, onBytes: OnBytes): Promise<void> {
    const running = new Bounded(blocksInFlight);
    const memory = new RecycledBlocks(blockBytes);
    let index = 0;
    for await (const block of blocksOf(chunks, memory)) {
      this.#checkRoom(this.sizeBytes + block.length);
      const at = index++;
      await running.add(() => this.#writeBlock(at, block).then(() => memory.give(block)));
      this.sizeBytes += block.length;
      onBytes(this.sizeBytes);
    }
    await running.done();
    if (!this.#isDevice) await this.#guarded(() => this.#handle.truncate(this.sizeBytes));
  }

  /** Reads `into.length` bytes at `position`, at once: file systems are read by code that cannot wait. */
  readInto(into: Uint8Array, position: number): void {
    this.#guardedSync(() => {
      const count = readSync(this.#handle.fd, into, 0, into.length, position);
      if (count < into.length) into.fill(0, count);
    });
  }

  /**
   * Changes bytes of the written image. Before a block is changed for the first time it is read and compared
   * with what was written, so that no damage of the medium becomes part of what is expected.
   */
  patch(bytes: Uint8Array, position: number): void {
    const last = Math.floor((position + bytes.length - 1) / blockBytes);
    for (let index = Math.floor(position / blockBytes); index <= last; index++) {
      if (this.#patched.has(index)) continue;
      if (!this.#digests.matches(index, this.#digestNow(index))) this.#differs(index);
      this.#patched.add(index);
    }
    this.#guardedSync(() => void writeSync(this.#handle.fd, bytes, 0, bytes.length, position));
  }

  /** Ends the patches: what was patched is what is expected from now on, and everything is on the medium. */
  async seal(): Promise<void> {
    for (const index of this.#patched) this.#digests.set(index, this.#digestNow(index));
    this.#patched.clear();
    await this.#guarded(() => this.#handle.sync());
  }

  /** Reads all of it back. Answers the SHA-256 of the whole image as it lies there, in hexadecimal. */
  async verify(onBytes: OnBytes): Promise<string> {
    const whole = createHash('sha256');
    const handle = await this.#openForReading();
    const running = new Bounded(blocksInFlight);
    let index = 0;
    let count = 0;
    try {
      for await (const block of readBack(handle, this.sizeBytes, blockBytes)) {
        const at = index++;
        await running.add(async () => {
          if (!this.#digests.matches(at, await digest(block))) this.#differs(at);
        });
        whole.update(block);
        count += block.length;
        onBytes(count);
      }
      await running.done();
    } catch (cause) {
      throw cause instanceof FieldlineError ? cause : this.#failed(cause);
    } finally {
      await handle.close();
    }
    if (count !== this.sizeBytes) this.#differs(index);
    return whole.digest('hex');
  }

  /** Removes a file that was not finished; a disk stays as it is. */
  async discard(): Promise<void> {
    if (!this.#isDevice) await rm(this.path, { force: true });
  }

  /** Gives the file or disk back. */
  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #writeBlock(index: number, block: Uint8Array): Promise<void> {
    const digested = digest(block).then((value) => this.#digests.set(index, value));
    // A new file reads zeros where nothing was written; a card does not.
    const isHole = !this.#isDevice && Buffer.compare(block, zeros.subarray(0, block.length)) === 0;
    if (!isHole) {
      const { bytesWritten } = await this.#guarded(() =>
        this.#handle.write(block, 0, block.length, index * blockBytes),
      );
      if (bytesWritten < block.length) throw this.#failed(new RangeError(`it took ${bytesWritten} bytes`));
    }
    await digested;
  }

  /** A disk is read past the pages that the kernel keeps: they would only prove its memory. */
  async #openForReading(): Promise<FileHandle> {
    const flags = constants.O_RDONLY | (this.#isDevice ? constants.O_DIRECT : 0);
    return this.#guarded(() => open(this.path, flags));
  }

  #digestNow(index: number): Uint8Array {
    const start = index * blockBytes;
    const block = this.#scratch.subarray(0, Math.min(blockBytes, this.sizeBytes - start));
    this.readInto(block, start);
    return hash('sha256', block, 'buffer');
  }

  #checkRoom(bytes: number): void {
    if (bytes <= this.#capacityBytes) return;
    const detail = `It has ${this.#capacityBytes} bytes; the image has more.`;
    throw new FieldlineError('PROVISION_TARGET_TOO_SMALL', { subject: this.path, detail });
  }

  #differs(index: number): never {
    const detail = `The first difference lies between byte ${index * blockBytes} and ${(index + 1) * blockBytes}.`;
    throw new FieldlineError('PROVISION_VERIFY_FAILED', { subject: this.path, detail });
  }

  #guarded<Value>(work: () => Promise<Value>): Promise<Value> {
    return work().catch((cause: unknown) => {
      throw this.#failed(cause);
    });
  }

  #guardedSync(work: () => void): void {
    try {
      work();
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  #failed(cause: unknown): FieldlineError {
    return new FieldlineError('PROVISION_TARGET_FAILED', {
      subject: this.path,
      detail: reasonOf(cause),
      cause,
    });
  }
}

/** In the thread pool of the process: the two cores of a laptop hash and write at the same time. */
async function digest(block: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await webcrypto.subtle.digest('SHA-256', block));
}

function refused(path: string, cause: unknown): never {
  throw new FieldlineError('PROVISION_TARGET_REFUSED', { subject: path, detail: reasonOf(cause), cause });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.message}.` : String(cause);
}
