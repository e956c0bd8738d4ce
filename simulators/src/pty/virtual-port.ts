import { closeSync, lstatSync, readSync, renameSync, symlinkSync, unlinkSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { FieldlineError } from '@fieldline/protocol';

interface PtyBinding {
  open(columns: number, rows: number): { master: number; slave: number; pty: string };
}

const DISCARD_BYTES = 4096;
const READS_A_DRAIN = 16;

/**
 * The sensor's end of a pseudo-terminal; `path` is the reader's end, a real tty.
 *
 * The public `open()` of node-pty keeps the reader's end open and reads from it, and so would steal the sensor's
 * bytes from the agent and hide whether anybody listens. Its binding gives the two bare descriptors: the
 * reader's is closed at once, after which a read of ours answers EIO while nobody has the port open.
 */
export class VirtualPort {
  readonly #link: string | undefined;
  #master: number | undefined;
  #path = '';
  readonly #discard = Buffer.alloc(DISCARD_BYTES);

  /** Opens a port, and with `link` keeps a symbolic link to it there, through `unplug` and `replug` too. */
  constructor(link?: string) {
    this.#link = link;
    this.replug();
  }

  /** `/dev/pts/N` of the reader's end; another after each replug. */
  get path(): string {
    return this.#path;
  }

  get isPlugged(): boolean {
    return this.#master !== undefined;
  }

  /** Gives the port back, as a new device under the same link. */
  replug(): void {
    if (this.#master !== undefined) return;
    const opened = openPty();
    closeSync(opened.slave);
    this.#master = opened.master;
    this.#path = opened.pty;
    if (this.#link !== undefined) pointLink(this.#link, opened.pty);
  }

  /** Takes the port away: a reader sees a hang-up, and the link is gone, as when a plug is pulled. */
  unplug(): void {
    if (this.#master === undefined) return;
    closeSync(this.#master);
    this.#master = undefined;
    if (this.#link !== undefined) removeLink(this.#link);
  }

  /** Whether a reader has the port open. Throws away what the reader has sent: these sensors take no orders. */
  drain(): boolean {
    if (this.#master === undefined) return false;
    try {
      for (let reads = 0; reads < READS_A_DRAIN; reads += 1) readSync(this.#master, this.#discard);
      return true;
    } catch (error) {
      return errnoOf(error) === 'EAGAIN';
    }
  }

  /** Writes what the kernel takes now, never waits; returns the number of bytes taken. */
  write(bytes: Uint8Array): number {
    if (this.#master === undefined) return 0;
    try {
      return writeSync(this.#master, bytes);
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN' || errnoOf(error) === 'EIO') return 0;
      throw error;
    }
  }
}

function openPty(): { master: number; slave: number; pty: string } {
  try {
    const require = createRequire(import.meta.url);
    const { requireBinary } = require('@lydell/node-pty/requireBinary.js') as {
      requireBinary: (file: string) => PtyBinding;
    };
    return requireBinary('pty.node').open(80, 24);
  } catch (cause) {
    throw new FieldlineError('SIMULATOR_NO_PTY', { subject: `${process.platform}-${process.arch}`, cause });
  }
}

/** Replaces the link atomically, so that a reader never finds it missing between two ports. */
function pointLink(link: string, target: string): void {
  const present = lstatSync(link, { throwIfNoEntry: false });
  if (present && !present.isSymbolicLink())
    throw new FieldlineError('SIMULATOR_LINK_TAKEN', { subject: link });
  const fresh = `${link}.${process.pid}.new`;
  symlinkSync(target, fresh);
  renameSync(fresh, link);
}

function removeLink(link: string): void {
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) unlinkSync(link);
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
