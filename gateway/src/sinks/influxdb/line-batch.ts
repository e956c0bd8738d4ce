import { Buffer } from 'node:buffer';
import { TimeBytes } from './number-bytes.ts';

/** Room for lines at first: that of a request of usual lines. */
const firstBytes = 1024 * 1024;

/** Room that is kept from request to request; a longer batch takes more for once. */
const keptBytesMax = 8 * 1024 * 1024;

const lineBreak = 0x0a;

/** Bytes that one UTF-16 unit takes at most in UTF-8. */
const bytesPerUnitMax = 3;

/**
 * Lines on their way to InfluxDB as bytes, each with the entry that it came from. Its room is used again. What writes many
 * lines writes into `bytes` itself, from `used` on: `reserve`, bytes, `endLine`.
 */
export class LineBatch {
  bytes: Buffer = Buffer.allocUnsafeSlow(firstBytes);
  used = 0;
  readonly times = new TimeBytes();
  /** By line: where it ends, its line break included. */
  readonly #ends: number[] = [];
  /** By line: its entry's place among the entries of the write. */
  readonly #entries: number[] = [];

  get lineCount(): number {
    return this.#ends.length;
  }

  /** Forgets all lines. */
  clear(): void {
    this.used = 0;
    this.#ends.length = 0;
    this.#entries.length = 0;
    if (this.bytes.length > keptBytesMax) this.bytes = Buffer.allocUnsafeSlow(firstBytes);
  }

  /** Makes room for `sizeBytes` more. */
  reserve(sizeBytes: number): void {
    if (this.used + sizeBytes <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.used + sizeBytes, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }

  /** What was written up to `end` is a line; its room must hold the line break. */
  endLine(end: number, entry: number): void {
    this.bytes[end] = lineBreak;
    this.used = end + 1;
    this.#ends.push(this.used);
    this.#entries.push(entry);
  }

  /** A line as text, without a line break in it. */
  add(line: string, entry: number): void {
    this.reserve(line.length * bytesPerUnitMax + 1);
    this.endLine(this.used + this.bytes.write(line, this.used), entry);
  }

  /** Takes lines from `start` on out again where `takes` says so. Costs a text a line: not for every line. */
  takeOut(start: number, takes: (line: string) => boolean): void {
    const left: [line: string, entry: number][] = [];
    for (let line = start; line < this.lineCount; line++) {
      const text = this.lineText(line);
      if (!takes(text)) left.push([text, this.entryOf(line)]);
    }
    if (left.length === this.lineCount - start) return;
    this.used = this.#startOf(start);
    this.#ends.length = start;
    this.#entries.length = start;
    for (const [line, entry] of left) this.add(line, entry);
  }

  /** Lines `[start, end)` as the body of a request, in the room of this batch. */
  body(start: number, end: number): Buffer {
    return this.bytes.subarray(this.#startOf(start), this.#startOf(end));
  }

  /** The first line that lies more than `sizeBytes` behind the start of line `start`; at least the next one, at most `end`. */
  lineBehind(start: number, end: number, sizeBytes: number): number {
    const from = this.#startOf(start);
    let line = start + 1;
    while (line < end && this.#ends[line]! - from <= sizeBytes) line += 1;
    return line;
  }

  lineText(line: number): string {
    return this.bytes.toString('utf8', this.#startOf(line), this.#startOf(line + 1) - 1);
  }

  entryOf(line: number): number {
    return this.#entries[line]!;
  }

  #startOf(line: number): number {
    return line === 0 ? 0 : this.#ends[line - 1]!;
  }
}
