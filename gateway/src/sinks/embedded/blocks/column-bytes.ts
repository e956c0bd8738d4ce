import { FieldlineError } from '@fieldline/protocol';
import { findDecimalScale, readOffsets, writeOffsets, type Offsets } from './decimal-scale.ts';

/**
 * Columns of a block, in forms that are read at the speed of memory: all values of a column have one width. They take
 * more room than the packed columns of the wire and are read many times faster
 * (docs/decisions, "column blocks in the embedded store").
 *
 * ```
 * byte 0     form      1     width (bytes a value)      2     decimals      3 … 7   zero
 * then, in the machine's order (little endian everywhere that Node.js runs but s390x), padded to whole 8 bytes:
 *   constant   the value
 *   decimals   base, then unsigned offsets:         value = (base + offset) / 10 ^ decimals
 *   line       first, step, base, then offsets:     value = first + floor(index * step + 0.5) + base + offset
 *   single     IEEE 754 single precision a value
 *   double     IEEE 754 double precision a value
 * ```
 */
const form = { constant: 0, decimals: 1, line: 2, single: 3, double: 4 } as const;
/** Doubles that stand before the values, by form. */
const headCounts: readonly (number | undefined)[] = [1, 1, 3, 0, 0];
const headerBytes = 8;

/** A part of a block: its size, and what writes it at a place that is a multiple of 8. */
interface Part {
  readonly sizeBytes: number;
  write(bytes: Uint8Array<ArrayBuffer>, at: number): void;
}

/** Gathers the columns of one block. */
export class ColumnWriter {
  readonly #parts: Part[] = [];

  /** Adds values, to the bit. Times and starts, which grow steadily, are smaller as a `line`. */
  add(values: Float64Array, shape: 'line' | 'free' = 'free'): void {
    this.#parts.push((shape === 'line' ? linePart(values) : undefined) ?? valuesPart(values));
  }

  /** Adds bytes as they are. */
  addBytes(bytes: Uint8Array): void {
    this.#parts.push({ sizeBytes: padded(bytes.length), write: (into, at) => into.set(bytes, at) });
  }

  finish(): Uint8Array {
    const bytes = new Uint8Array(this.#parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
    let at = 0;
    for (const part of this.#parts) {
      part.write(bytes, at);
      at += part.sizeBytes;
    }
    return bytes;
  }
}

/** Reads what `ColumnWriter` wrote, column by column. Throws STORE_DAMAGED where it cannot be that. */
export class ColumnReader {
  readonly #bytes: Uint8Array;
  readonly #rows: number;
  #at = 0;

  constructor(bytes: Uint8Array, rows: number) {
    // Typed arrays want to begin at a multiple of their width.
    this.#bytes = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
    this.#rows = rows;
  }

  next(): Float64Array {
    return this.nextStored().decoded();
  }

  /** The next column as it lies. */
  nextStored(): StoredColumn {
    const { kind, decimals, heads, place, width } = this.#column();
    return new StoredColumn(
      { kind, decimals, heads, width },
      { buffer: this.#bytes.buffer, place, rows: this.#rows },
    );
  }

  /** Bytes as they were added: `count` of them. */
  nextBytes(count: number): Uint8Array {
    const at = this.#take(padded(count));
    return this.#bytes.subarray(at, at + count);
  }

  #column(): Layout & { readonly place: number } {
    const at = this.#take(headerBytes);
    const kind = this.#bytes[at]!;
    const width = this.#bytes[at + 1]!;
    const headCount = headCounts[kind];
    if (headCount === undefined || width > 8) throw damaged('a column has an unknown form');
    const headsAt = this.#take(8 * headCount);
    const valuesAt = this.#take(padded(width * this.#rows));
    const { buffer, byteOffset } = this.#bytes;
    const heads = new Float64Array(buffer, byteOffset + headsAt, headCount);
    return { kind, decimals: this.#bytes[at + 2]!, heads, place: byteOffset + valuesAt, width };
  }

  /** Where the next `count` bytes begin. */
  #take(count: number): number {
    const at = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) throw damaged('a column ends too early');
    return at;
  }
}

/** One column as it lies in a block: nothing is read before it is asked for. */
export class StoredColumn {
  readonly rows: number;
  readonly #kind: number;
  readonly #decimals: number;
  readonly #heads: Float64Array;
  readonly #place: Place;
  readonly #width: number;

  constructor({ kind, decimals, heads, width }: Layout, place: Place) {
    this.rows = place.rows;
    this.#kind = kind;
    this.#decimals = decimals;
    this.#heads = heads;
    this.#place = place;
    this.#width = width;
  }

  /** Where it is a line: `value = base + floor(row * step + 0.5) + offset`. */
  get line(): { readonly base: number; readonly step: number } | undefined {
    const [first = 0, step = 0, base = 0] = this.#heads;
    return this.#kind === form.line ? { base: first + base, step } : undefined;
  }

  /** Where it is decimals: `value = (base + offset) / 10 ^ decimals`. */
  get decimals(): { readonly base: number; readonly decimals: number } | undefined {
    const [base = 0] = this.#heads;
    return this.#kind === form.decimals ? { base, decimals: this.#decimals } : undefined;
  }

  /** The offsets of a line or of decimals, where they lie; none where their width is 0. Throws STORE_DAMAGED. */
  get offsets(): Offsets {
    const { buffer, place, rows } = this.#place;
    return offsetsAt(buffer, place, this.#width, rows);
  }

  /** The values; doubles where they lie, all others in an array of their own. Throws STORE_DAMAGED. */
  decoded(): Float64Array {
    const { buffer, place, rows } = this.#place;
    if (this.#kind === form.double) return new Float64Array(buffer, place, rows);
    const values = new Float64Array(rows);
    if (this.#kind === form.constant) values.fill(this.#heads[0]!);
    else if (this.#kind === form.single) values.set(new Float32Array(buffer, place, rows));
    else if (this.#kind === form.line) readLine(this.offsets, this.#heads, values);
    else readOffsets(this.offsets, { decimals: this.#decimals, base: this.#heads[0]! }, values);
    return values;
  }
}

/** What the head of a column says. */
interface Layout {
  readonly kind: number;
  readonly decimals: number;
  readonly heads: Float64Array;
  readonly width: number;
}

/** Where the values of a column lie. */
interface Place {
  readonly buffer: ArrayBufferLike;
  readonly place: number;
  readonly rows: number;
}

function valuesPart(values: Float64Array): Part {
  if (isConstant(values)) return part({ kind: form.constant }, [values[0] ?? 0]);
  const scale = findDecimalScale(values);
  if (scale) {
    const width = widthOf(scale.span);
    const header = { kind: form.decimals, width, decimals: scale.decimals };
    return part(header, [scale.base], values.length, (buffer, place) =>
      writeOffsets(values, scale, offsetsAt(buffer, place, width, values.length)),
    );
  }
  if (values.every((value) => Object.is(Math.fround(value), value))) {
    return part({ kind: form.single, width: 4 }, [], values.length, (buffer, place) =>
      new Float32Array(buffer, place, values.length).set(values),
    );
  }
  return part({ kind: form.double, width: 8 }, [], values.length, (buffer, place) =>
    new Float64Array(buffer, place, values.length).set(values),
  );
}

/** Whole numbers beside a straight line from the first to the last; undefined where they stray too far. */
function linePart(values: Float64Array): Part | undefined {
  const { length } = values;
  const first = values[0]!;
  const step = (values[length - 1]! - first) / (length - 1);
  if (length < 3) return undefined;
  let least = Infinity;
  let most = -Infinity;
  for (let index = 0; index < length; index++) {
    const value = values[index]!;
    if (!isWhole(value)) return undefined;
    const beside = value - (first + Math.floor(index * step + 0.5));
    if (beside < least) least = beside;
    if (beside > most) most = beside;
  }
  if (!(most - least < 2 ** 32)) return undefined;
  const width = most === least ? 0 : widthOf(most - least);
  return part({ kind: form.line, width }, [first, step, least], length, (buffer, place) => {
    const offsets = offsetsAt(buffer, place, width, length);
    for (let index = 0; index < offsets.length; index++) {
      offsets[index] = values[index]! - (first + Math.floor(index * step + 0.5)) - least;
    }
  });
}

/** Whether differences to a line are exact: below 2^52, and not the zero that has a sign. */
function isWhole(value: number): boolean {
  return Math.round(value) === value && Math.abs(value) < 2 ** 52 && !(value === 0 && 1 / value < 0);
}

function readLine(offsets: Offsets, heads: Float64Array, values: Float64Array): void {
  const step = heads[1]!;
  const base = heads[0]! + heads[2]!;
  for (let index = 0; index < values.length; index++) values[index] = base + Math.floor(index * step + 0.5);
  for (let index = 0; index < offsets.length; index++) values[index]! += offsets[index]!;
}

function part(
  { kind, width = 0, decimals = 0 }: { kind: number; width?: number; decimals?: number },
  heads: readonly number[],
  rows = 0,
  writeValues?: (buffer: ArrayBuffer, place: number) => void,
): Part {
  const valuesAt = headerBytes + 8 * heads.length;
  return {
    sizeBytes: valuesAt + padded(width * rows),
    write: (bytes, at) => {
      bytes[at] = kind;
      bytes[at + 1] = width;
      bytes[at + 2] = decimals;
      new Float64Array(bytes.buffer, at + headerBytes, heads.length).set(heads);
      writeValues?.(bytes.buffer, at + valuesAt);
    },
  };
}

/** None where the width is 0. */
function offsetsAt(buffer: ArrayBufferLike, place: number, width: number, rows: number): Offsets {
  if (width === 0) return new Uint8Array(0);
  if (width === 1) return new Uint8Array(buffer, place, rows);
  if (width === 2) return new Uint16Array(buffer, place, rows);
  if (width === 4) return new Uint32Array(buffer, place, rows);
  throw damaged('a column has an unknown width');
}

function widthOf(span: number): number {
  if (span < 2 ** 8) return 1;
  return span < 2 ** 16 ? 2 : 4;
}

function isConstant(values: Float64Array): boolean {
  for (let index = 1; index < values.length; index++) if (!Object.is(values[index], values[0])) return false;
  return true;
}

function padded(count: number): number {
  return Math.ceil(count / 8) * 8;
}

/** What lies in the file is not what was written. */
export function damaged(detail: string): FieldlineError {
  return new FieldlineError('STORE_DAMAGED', { subject: 'store.db', detail: `${detail}.` });
}
