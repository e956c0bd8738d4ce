import { closeSync, readSync, renameSync, symlinkSync, unlinkSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';

interface PtyBinding {
  open(columns: number, rows: number): { master: number; slave: number; pty: string };
}

/**
 * The sensor's end of a real pseudo-terminal, for tests. The public `open()` of node-pty keeps reading from
 * the other end too and would steal bytes, so its binding is used.
 */
export class TestPort {
  readonly #link: string;
  #master: number | undefined;

  /** Opens a port and points the symbolic link at it. */
  constructor(link: string) {
    this.#link = link;
    this.replug();
  }

  /** Gives the port (back) as a new device under the same link. */
  replug(): void {
    const require = createRequire(import.meta.url);
    const { requireBinary } = require('@lydell/node-pty/requireBinary.js') as {
      requireBinary(file: string): PtyBinding;
    };
    const opened = requireBinary('pty.node').open(80, 24);
    closeSync(opened.slave);
    this.#master = opened.master;
    symlinkSync(opened.pty, `${this.#link}.new`);
    renameSync(`${this.#link}.new`, this.#link);
  }

  /** Pulls the plug: a reader sees a hang-up, and the link is gone. */
  unplug(): void {
    if (this.#master === undefined) return;
    closeSync(this.#master);
    this.#master = undefined;
    unlinkSync(this.#link);
  }

  /** Writes bytes as the sensor would. */
  write(bytes: Uint8Array | string): void {
    if (this.#master === undefined) return;
    const rest = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    for (let at = 0; at < rest.length;) {
      try {
        at += writeSync(this.#master, rest.subarray(at));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      }
    }
  }

  /** What a reader has sent to the sensor since the last call. */
  received(): string {
    const buffer = Buffer.alloc(4096);
    try {
      return this.#master === undefined ? '' : buffer.toString('latin1', 0, readSync(this.#master, buffer));
    } catch (error) {
      // Nothing was sent, or nobody has the port open.
      if (error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EIO'))
        return '';
      throw error;
    }
  }
}
