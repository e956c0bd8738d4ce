import { constants, readSync, writeSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { FieldlineError } from '@fieldline/protocol';

/**
 * A file or disk that is written to, its failures told by name: PROVISION_TARGET_REFUSED where it cannot be taken,
 * PROVISION_TARGET_FAILED for everything later.
 */
export class Medium {
  readonly path: string;
  /** A disk; otherwise a new file, which reads zeros where nothing was written. */
  readonly isDisk: boolean;
  /** Infinity for a file. */
  readonly capacityBytes: number;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle, kind: { isDisk: boolean; capacityBytes: number }) {
    this.path = path;
    this.#handle = handle;
    this.isDisk = kind.isDisk;
    this.capacityBytes = kind.capacityBytes;
  }

  /** A new file; refused where there is one already. */
  static async createFile(path: string): Promise<Medium> {
    const handle = await open(path, 'wx+', 0o600).catch((cause: unknown) => refused(path, cause));
    return new Medium(path, handle, { isDisk: false, capacityBytes: Infinity });
  }

  /** A whole disk, taken for this process alone: the kernel answers EBUSY while a partition of it is mounted. */
  static async openDisk(path: string, capacityBytes: number): Promise<Medium> {
    const handle = await open(path, constants.O_RDWR | constants.O_EXCL).catch((cause: unknown) =>
      refused(path, cause),
    );
    return new Medium(path, handle, { isDisk: true, capacityBytes });
  }

  /** Writes `bytes` at `position`. */
  async write(bytes: Uint8Array, position: number): Promise<void> {
    const { bytesWritten } = await this.guarded(() => this.#handle.write(bytes, 0, bytes.length, position));
    if (bytesWritten < bytes.length) this.#tookOnly(bytesWritten);
  }

  /** Reads `into.length` bytes at `position`, at once; zeros behind its end. */
  readNow(into: Uint8Array, position: number): void {
    this.#guardedNow(() => {
      const count = readSync(this.#handle.fd, into, 0, into.length, position);
      if (count < into.length) into.fill(0, count);
    });
  }

  /** Writes `bytes` at `position`, at once. */
  writeNow(bytes: Uint8Array, position: number): void {
    this.#guardedNow(() => {
      const count = writeSync(this.#handle.fd, bytes, 0, bytes.length, position);
      if (count < bytes.length) this.#tookOnly(count);
    });
  }

  /** Gives a file its size: zeros at its end are not written. */
  async setSize(sizeBytes: number): Promise<void> {
    if (!this.isDisk) await this.guarded(() => this.#handle.truncate(sizeBytes));
  }

  /** Resolves when all bytes written before are on the medium. */
  async syncBytes(): Promise<void> {
    await this.guarded(() => this.#handle.datasync());
  }

  /** Resolves when everything is on the medium, what the file system knows of a file among it. */
  async sync(): Promise<void> {
    await this.guarded(() => this.#handle.sync());
  }

  /** Reads it in `use`. `fromMedium`: a disk is read past the pages that the kernel keeps, which prove its memory only. */
  async reading<Value>(fromMedium: boolean, use: (handle: FileHandle) => Promise<Value>): Promise<Value> {
    const flags = constants.O_RDONLY | (this.isDisk && fromMedium ? constants.O_DIRECT : 0);
    return this.guarded(async () => {
      const handle = await open(this.path, flags);
      try {
        return await use(handle);
      } finally {
        await handle.close();
      }
    });
  }

  /** Removes a file that was not finished; a disk stays as it is. */
  async discard(): Promise<void> {
    if (!this.isDisk) await rm(this.path, { force: true });
  }

  /** Gives the file or disk back. */
  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** Runs `work`; what fails in it that has no name yet is a failure of the medium. */
  async guarded<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  #guardedNow(work: () => void): void {
    try {
      work();
    } catch (cause) {
      throw this.#failed(cause);
    }
  }

  #failed(cause: unknown): unknown {
    return isOfSystem(cause) ? this.#failure(reasonOf(cause), cause) : cause;
  }

  #tookOnly(count: number): never {
    throw this.#failure(`It took only ${count} bytes.`);
  }

  #failure(detail: string, cause?: unknown): FieldlineError {
    return new FieldlineError('PROVISION_TARGET_FAILED', { subject: this.path, detail, cause });
  }
}

/** Errors of the operating system have a code such as EIO; those of this program, and interruptions, have names of their own. */
function isOfSystem(cause: unknown): boolean {
  return cause instanceof Error && 'errno' in cause;
}

function refused(path: string, cause: unknown): never {
  throw new FieldlineError('PROVISION_TARGET_REFUSED', { subject: path, detail: reasonOf(cause), cause });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.message}.` : String(cause);
}
