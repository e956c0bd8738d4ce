import { createHash } from 'node:crypto';
import { FieldlineError } from '@fieldline/protocol';
import * as FatFs from 'js-fatfs';
import type { BlockTarget } from '../target/block-target.ts';
import { fatDisk, type Partition } from './fat-disk.ts';

/** Bytes that pass between FatFs's memory and ours at once. */
const chunkBytes = 64 * 1024;
/** A text file of the boot partition that is larger is no settings file. */
const textBytesMax = 256 * 1024;

/** The FAT file system of a boot partition, mounted without the kernel. Paths are relative to its root. */
export class BootPartition {
  readonly partition: Partition;
  readonly #ff: FatFs.FatFs;
  readonly #disk: { failure: unknown };
  readonly #work: number;
  readonly #subject: string;

  private constructor(
    ff: FatFs.FatFs,
    disk: { failure: unknown },
    about: { subject: string; partition: Partition },
  ) {
    this.#ff = ff;
    this.#disk = disk;
    this.#subject = about.subject;
    this.partition = about.partition;
    this.#work = ff.malloc(FatFs.sizeof_FATFS);
  }

  /** Mounts `partition`; undefined where it holds no FAT file system. */
  static async mount(target: BlockTarget, partition: Partition): Promise<BootPartition | undefined> {
    const disk = fatDisk(target, partition);
    const ff = await FatFs.create({ diskio: disk });
    const mounted = new BootPartition(ff, disk, { subject: target.path, partition });
    const result = ff.f_mount(mounted.#work, '', 1);
    if (result === FatFs.FR_NO_FILESYSTEM) return undefined;
    mounted.#check(result, 'mount');
    return mounted;
  }

  /** Whether there is a file or folder at `path`. */
  has(path: string): boolean {
    const info = this.#ff.malloc(FatFs.sizeof_FILINFO);
    const result = this.#ff.f_stat(path, info);
    this.#ff.free(info);
    if (result === FatFs.FR_NO_FILE || result === FatFs.FR_NO_PATH) return false;
    this.#check(result, path);
    return true;
  }

  /** The text of a file; undefined where there is none, or where it is no text of a sensible size. */
  readText(path: string): string | undefined {
    if (!this.has(path)) return undefined;
    const parts: Uint8Array[] = [];
    let bytes = 0;
    this.#read(path, (chunk) => {
      bytes += chunk.length;
      if (bytes <= textBytesMax) parts.push(chunk.slice());
    });
    return bytes <= textBytesMax ? Buffer.concat(parts).toString('utf8') : undefined;
  }

  /** SHA-256 of a file, in hexadecimal; undefined where there is none. */
  sha256(path: string): string | undefined {
    if (!this.has(path)) return undefined;
    const digest = createHash('sha256');
    this.#read(path, (chunk) => digest.update(chunk));
    return digest.digest('hex');
  }

  /** Makes a folder; one that is there already is fine. */
  makeFolder(path: string): void {
    const result = this.#ff.f_mkdir(path);
    if (result !== FatFs.FR_EXIST) this.#check(result, path);
  }

  /**
   * Writes a file of `pieces`, each of at most 64 KiB, in place of one that may be there.
   * PROVISION_BOOT_PARTITION_FULL where it does not fit.
   */
  write(path: string, pieces: Iterable<Uint8Array>): void {
    const ff = this.#ff;
    this.#withFile(path, FatFs.FA_WRITE | FatFs.FA_CREATE_ALWAYS, (file) => {
      const buffer = ff.malloc(chunkBytes);
      const written = ff.malloc(4);
      for (const piece of pieces) {
        ff.HEAPU8.set(piece, buffer);
        this.#check(ff.f_write(file, buffer, piece.length, written), path);
        if (ff.getValue(written, 'i32') < piece.length) this.#full(path, 'There is no room for it.');
      }
      ff.free(written);
      ff.free(buffer);
    });
  }

  /** Writes what is left and forgets the file system. */
  unmount(): void {
    this.#check(this.#ff.f_unmount(''), 'unmount');
    this.#ff.free(this.#work);
  }

  #read(path: string, take: (chunk: Uint8Array) => void): void {
    const ff = this.#ff;
    this.#withFile(path, FatFs.FA_READ, (file) => {
      const buffer = ff.malloc(chunkBytes);
      const count = ff.malloc(4);
      for (let read = chunkBytes; read === chunkBytes;) {
        this.#check(ff.f_read(file, buffer, chunkBytes, count), path);
        read = ff.getValue(count, 'i32');
        take(ff.HEAPU8.subarray(buffer, buffer + read));
      }
      ff.free(count);
      ff.free(buffer);
    });
  }

  #withFile(path: string, mode: number, work: (file: number) => void): void {
    const file = this.#ff.malloc(FatFs.sizeof_FIL);
    this.#check(this.#ff.f_open(file, path, mode), path);
    try {
      work(file);
    } finally {
      this.#check(this.#ff.f_close(file), path);
      this.#ff.free(file);
    }
  }

  #check(result: number, what: string): void {
    if (result === FatFs.FR_OK) return;
    const { failure } = this.#disk;
    if (failure instanceof Error) throw failure;
    this.#full(what, `The file system answers ${result}.`);
  }

  #full(what: string, detail: string): never {
    throw new FieldlineError('PROVISION_BOOT_PARTITION_FULL', {
      subject: this.#subject,
      detail: `${what}: ${detail}`,
    });
  }
}
