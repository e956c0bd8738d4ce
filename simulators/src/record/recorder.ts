import { createWriteStream, type WriteStream } from 'node:fs';
import type { Frame } from '../sensors/frame.ts';

/** One line of a record file. */
export interface RecordLine {
  /** When the kernel had taken the whole frame, microseconds UTC. */
  readonly atUs: number;
  /** The bytes: as text where the sensor speaks in lines (one character a byte), else base64url. */
  readonly frame: string;
  /** What a right reader makes of it; of a block of samples an array a quantity, in order. */
  readonly readings: Frame['readings'];
  readonly fault?: Frame['fault'];
}

/** Writes the oracle of tests: NDJSON, a line for every frame that was handed over whole, and for no other. */
export class Recorder {
  readonly #file: WriteStream | undefined;
  readonly #isText: boolean;
  /** Readings handed over so far, by quantity. */
  readonly counts = new Map<string, number>();
  frames = 0;

  /** Without `path` it only counts. A file that exists is continued: a sensor may be started again. */
  constructor(path: string | undefined, isText: boolean) {
    this.#file = path === undefined ? undefined : createWriteStream(path, { flags: 'a' });
    this.#isText = isText;
  }

  record(atUs: number, frame: Frame): void {
    this.frames += 1;
    for (const [quantity, value] of Object.entries(frame.readings)) {
      const count = typeof value === 'number' ? 1 : value.length;
      this.counts.set(quantity, (this.counts.get(quantity) ?? 0) + count);
    }
    if (!this.#file) return;
    const bytes = Buffer.from(frame.bytes.buffer, frame.bytes.byteOffset, frame.bytes.byteLength);
    const text = bytes.toString(this.#isText ? 'latin1' : 'base64url');
    const line: RecordLine = {
      atUs,
      frame: text,
      readings: frame.readings,
      ...(frame.fault && { fault: frame.fault }),
    };
    this.#file.write(`${JSON.stringify(line)}\n`);
  }

  /** Resolves once all lines so far are with the kernel. */
  flush(): Promise<void> {
    const file = this.#file;
    if (!file) return Promise.resolve();
    return new Promise((resolve) => file.write('', () => resolve()));
  }

  close(): Promise<void> {
    const file = this.#file;
    if (!file) return Promise.resolve();
    return new Promise((resolve) => file.end(() => resolve()));
  }
}
