import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { FieldlineError } from '@fieldline/protocol';
import { crc32c } from '../crc32c.ts';
import { describeCause } from './error-code.ts';
import { syncDirectory, type FileAccess } from './file-access.ts';
import { cursorSlotBytes } from './limits.ts';

const fileName = 'cursors';
const slotHeaderBytes = 8;
const namePattern = /^[a-z0-9][a-z0-9._/-]{0,63}$/;

interface CursorState {
  readonly sequence: number;
  /** The journal's next offset when this was written: a log that ends below it has lost its tail. */
  readonly nextOffset: number;
  readonly cursors: Readonly<Record<string, number>>;
}

/**
 * All named cursors, in a file of two slots written in turn: each write is one block in place (no growth, no
 * rename, so that the file system's own journal stays out of it), and a torn write leaves the other slot.
 *
 * A slot: CRC-32C of the rest (4 bytes), length of the text (4), JSON text.
 */
export class CursorFile {
  /** The highest next offset that any write has seen. */
  readonly knownNextOffset: number;
  /** Whether the file held bytes and neither slot could be read. */
  readonly wasLost: boolean;
  bytesWritten = 0;

  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #durable: Map<string, number>;
  /** May hold a position whose write failed: it goes out with the next one. */
  readonly #wanted: Map<string, number>;
  #sequence: number;
  #knownNext: number;
  #waiting: { resolve: () => void; reject: (cause: unknown) => void }[] = [];
  #running: Promise<void> | undefined;

  private constructor(handle: FileHandle, path: string, state: CursorState, wasLost: boolean) {
    this.#handle = handle;
    this.#path = path;
    this.#durable = new Map(Object.entries(state.cursors));
    this.#wanted = new Map(this.#durable);
    this.#sequence = state.sequence;
    this.knownNextOffset = state.nextOffset;
    this.#knownNext = state.nextOffset;
    this.wasLost = wasLost;
  }

  /** Opens or creates the cursor file of a journal directory. */
  static async open(files: FileAccess, directory: string): Promise<CursorFile> {
    const path = join(directory, fileName);
    const handle = await files.open(path, 'a+').then(async (created) => {
      await created.close();
      return files.open(path, 'r+');
    });
    const { size } = await handle.stat();
    if (size < 2 * cursorSlotBytes) {
      // Zeroes out to the full size once, so that later writes change no metadata.
      await handle.write(Buffer.alloc(2 * cursorSlotBytes - size), 0, 2 * cursorSlotBytes - size, size);
      await handle.sync();
      await syncDirectory(files, directory);
    }
    const bytes = Buffer.alloc(2 * cursorSlotBytes);
    await handle.read(bytes, 0, bytes.length, 0);
    const slots = [0, cursorSlotBytes].map((at) => readSlot(bytes.subarray(at, at + cursorSlotBytes)));
    const newest = slots.reduce((best, slot) =>
      (slot?.sequence ?? -1) > (best?.sequence ?? -1) ? slot : best,
    );
    const wasLost = newest === undefined && bytes.some((byte) => byte !== 0);
    return new CursorFile(handle, path, newest ?? { sequence: 0, nextOffset: 0, cursors: {} }, wasLost);
  }

  /** The durable position of a cursor. */
  get(name: string): number | undefined {
    return this.#durable.get(name);
  }

  /** The lowest durable position, or undefined without cursors. */
  lowest(): number | undefined {
    return this.#durable.size === 0 ? undefined : Math.min(...this.#durable.values());
  }

  /** The highest durable position, or 0 without cursors. */
  highest(): number {
    return Math.max(0, ...this.#durable.values());
  }

  /** Sets a cursor durably. Settings that arrive while a write runs share the next one. */
  async set(name: string, offset: number, nextOffset: number): Promise<void> {
    this.#check(name, offset);
    this.#wanted.set(name, offset);
    this.#knownNext = nextOffset;
    await this.#written();
  }

  /** Forgets a cursor durably; nothing happens where there is none. */
  async remove(name: string, nextOffset: number): Promise<void> {
    if (!this.#wanted.delete(name)) return;
    this.#knownNext = nextOffset;
    await this.#written();
  }

  async close(): Promise<void> {
    await this.#running;
    await this.#handle.close();
  }

  #written(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#running ??= this.#writeWaiting().finally(() => (this.#running = undefined));
    });
  }

  /** One write at a time, since two in flight could tear both slots. */
  async #writeWaiting(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const served = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write();
        for (const { resolve } of served) resolve();
      } catch (cause) {
        for (const { reject } of served) reject(cause);
      }
    }
  }

  #check(name: string, offset: number): void {
    const about = { subject: `${this.#path}: cursor ${JSON.stringify(name)} at ${offset}` };
    if (!namePattern.test(name) || !Number.isSafeInteger(offset) || offset < 0) {
      throw new FieldlineError('JOURNAL_CURSOR_REFUSED', about);
    }
    const text = stateText({
      sequence: Number.MAX_SAFE_INTEGER,
      nextOffset: Number.MAX_SAFE_INTEGER,
      cursors: Object.fromEntries([...this.#wanted, [name, Number.MAX_SAFE_INTEGER]]),
    });
    if (Buffer.byteLength(text) > cursorSlotBytes - slotHeaderBytes) {
      throw new FieldlineError('JOURNAL_CURSOR_REFUSED', { ...about, detail: 'The cursor file is full.' });
    }
  }

  async #write(): Promise<void> {
    const written = new Map(this.#wanted);
    this.#sequence += 1;
    const slot = encodeSlot({
      sequence: this.#sequence,
      nextOffset: this.#knownNext,
      cursors: Object.fromEntries(written),
    });
    try {
      await this.#handle.write(slot, 0, slot.length, (this.#sequence % 2) * cursorSlotBytes);
      await this.#handle.datasync();
    } catch (cause) {
      // The next write must go to the same slot: the other one still holds the last good state.
      this.#sequence -= 1;
      throw new FieldlineError('JOURNAL_WRITE_FAILED', {
        subject: this.#path,
        detail: describeCause(cause),
        cause,
      });
    }
    this.bytesWritten += slot.length;
    for (const name of this.#durable.keys()) if (!written.has(name)) this.#durable.delete(name);
    for (const [name, offset] of written) this.#durable.set(name, offset);
  }
}

function stateText(state: CursorState): string {
  return JSON.stringify(state);
}

function encodeSlot(state: CursorState): Buffer {
  const text = Buffer.from(stateText(state));
  const slot = Buffer.alloc(slotHeaderBytes + text.length);
  slot.set(text, slotHeaderBytes);
  slot.writeUInt32LE(text.length, 4);
  slot.writeUInt32LE(crc32c(slot, 4), 0);
  return slot;
}

function readSlot(slot: Buffer): CursorState | undefined {
  const length = slot.readUInt32LE(4);
  if (length === 0 || length > cursorSlotBytes - slotHeaderBytes) return undefined;
  if (crc32c(slot, 4, slotHeaderBytes + length) !== slot.readUInt32LE(0)) return undefined;
  // The checksum vouches that this program wrote the text.
  return JSON.parse(slot.toString('utf8', slotHeaderBytes, slotHeaderBytes + length)) as CursorState;
}
