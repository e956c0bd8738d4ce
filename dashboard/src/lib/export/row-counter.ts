/** Formats in which the gateway exports and this page can count the rows itself. */
export type CountedFormat = 'csv' | 'ndjson';

const newline = 0x0a;
const quote = 0x22;

/**
 * Counts the rows of an export as its bytes pass, however they are cut. CSV by RFC 4180: its head is no row, and a
 * line break within quotes ends none. NDJSON: one row a line.
 */
export class RowCounter {
  readonly #isCsv: boolean;
  #lines = 0;
  #quoted = false;

  constructor(format: CountedFormat) {
    this.#isCsv = format === 'csv';
  }

  /** Takes the next bytes. */
  take(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === newline && !this.#quoted) this.#lines += 1;
      else if (byte === quote && this.#isCsv) this.#quoted = !this.#quoted;
    }
  }

  /** Rows that have passed whole. */
  get rows(): number {
    return this.#isCsv ? Math.max(0, this.#lines - 1) : this.#lines;
  }
}
