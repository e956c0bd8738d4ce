import { ByteReader, ByteWriter, DamagedBytes } from '../column/varint.ts';
import { accepted, refused, type Result } from '../errors/index.ts';
import type { LiveGap } from '../schema/api/live.ts';
import { readQuickColumn, writeQuickColumn } from './quick-column.ts';

/** First byte of every frame: the version of its layout. */
const layoutVersion = 1;

/** Most rows that a reader takes in one frame. */
const rowsMax = 1_000_000;

/**
 * Readings of many streams: `counts[i]` rows belong to the stream of number `ids[i]`; `t` (µs) and `v` hold the rows of
 * all of them, one stream after the other.
 */
export interface LiveReadingColumns {
  readonly ids: Float64Array;
  readonly counts: Float64Array;
  readonly t: Float64Array;
  readonly v: Float64Array;
}

/** The same of windows. */
export interface LiveWindowColumns {
  readonly ids: Float64Array;
  readonly counts: Float64Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly count: Float64Array;
  readonly mean: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/** One display frame as bytes carry it: what `delta` says in JSON, with numbers in place of names. */
export interface LiveFrame {
  readonly seq: number;
  readonly readings: LiveReadingColumns;
  readonly windows: LiveWindowColumns;
  readonly gaps: readonly LiveGap[];
}

/** Columns in the order in which they stand in a frame. */
const readingColumns = ['ids', 'counts', 't', 'v'] as const;
const windowColumns = ['ids', 'counts', 'start', 'end', 'count', 'mean', 'min', 'max'] as const;
const wholeNumbers = new Set<string>(['ids', 'counts', 't', 'start', 'end', 'count']);

/** Room that a writer keeps from frame to frame. */
const keptBytes = 256 * 1024;

/** Packs frame after frame into the same memory. */
export class LiveFrameWriter {
  #writer = new ByteWriter();

  /**
   * Packs a frame: the version, `seq`, whether readings follow (0 or 1) and their four columns, the same of windows with eight, gaps
   * as JSON with their length before them. docs/reference/http.md describes the bytes. They hold until the next call.
   */
  write({ seq, readings, windows, gaps }: LiveFrame): Uint8Array {
    if (this.#writer.bytes.length > keptBytes) this.#writer = new ByteWriter();
    const writer = this.#writer;
    writer.length = 0;
    writer.byte(layoutVersion);
    writer.varint(seq);
    writeColumns(writer, readingColumns, readings);
    writeColumns(writer, windowColumns, windows);
    writeBytes(writer, gaps.length === 0 ? noBytes : new TextEncoder().encode(JSON.stringify(gaps)));
    return writer.bytes.subarray(0, writer.length);
  }
}

const noBytes = new Uint8Array(0);

/** One frame as `LiveFrameWriter` packs it, in memory of its own. */
export function encodeLiveFrame(frame: LiveFrame): Uint8Array {
  return new LiveFrameWriter().write(frame).slice();
}

function writeColumns<const Name extends string>(
  writer: ByteWriter,
  names: readonly Name[],
  columns: Readonly<Record<Name, Float64Array>>,
): void {
  const some = columns[names[0]!].length > 0;
  writer.byte(some ? 1 : 0);
  if (some) for (const name of names) writeQuickColumn(writer, columns[name]);
}

function writeBytes(writer: ByteWriter, bytes: Uint8Array): void {
  writer.varint(bytes.length);
  writer.reserve(bytes.length);
  writer.bytes.set(bytes, writer.length);
  writer.length += bytes.length;
}

/** The inverse of `encodeLiveFrame`; refused (`BATCH_INVALID`) where the bytes are damaged or of another version. */
export function decodeLiveFrame(bytes: Uint8Array): Result<LiveFrame> {
  try {
    const reader = new ByteReader(bytes);
    const version = reader.byte();
    if (version !== layoutVersion) return refused('BATCH_INVALID', `live frame: version ${version}`);
    const seq = reader.varint();
    const readings = readColumns(reader, readingColumns);
    const windows = readColumns(reader, windowColumns);
    const gaps = readGaps(reader);
    reader.end();
    return accepted({ seq, readings, windows, gaps });
  } catch (error) {
    if (error instanceof DamagedBytes || error instanceof SyntaxError) {
      return refused('BATCH_INVALID', `live frame: ${error.message}`);
    }
    throw error;
  }
}

function readColumns<const Name extends string>(
  reader: ByteReader,
  names: readonly Name[],
): Record<Name, Float64Array> {
  const some = reader.byte();
  if (some > 1) throw new DamagedBytes(`a flag of ${some}`);
  const columns = names.map((name): [Name, Float64Array] => [name, some ? readColumn(reader, name) : empty]);
  const [[, ids] = ['', empty], [, counts] = ['', empty]] = columns;
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const fits = columns.every(([, column], index) => column.length === (index < 2 ? ids.length : rows));
  if (!fits || counts.some((count) => count < 0)) throw new DamagedBytes('its columns differ in length');
  return Object.fromEntries(columns) as Record<Name, Float64Array>;
}

const empty = new Float64Array(0);

function readColumn(reader: ByteReader, name: string): Float64Array {
  const column = readQuickColumn(reader, rowsMax);
  if (wholeNumbers.has(name) && !column.every(Number.isSafeInteger)) {
    throw new DamagedBytes(`${name} are whole numbers`);
  }
  return column;
}

function readBytes(reader: ByteReader): Uint8Array {
  const length = reader.varint();
  const from = reader.position;
  reader.skip(length);
  return reader.bytes.subarray(from, from + length);
}

function readGaps(reader: ByteReader): LiveGap[] {
  const bytes = readBytes(reader);
  if (bytes.length === 0) return [];
  const gaps: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (!Array.isArray(gaps)) throw new DamagedBytes('its gaps are no list');
  return gaps.filter(isGap);
}

function isGap(value: unknown): value is LiveGap {
  if (typeof value !== 'object' || value === null) return false;
  const { device, sensor, from, to, reason } = value as Record<string, unknown>;
  return (
    [device, sensor, reason].every((text) => typeof text === 'string') &&
    [from, to].every(Number.isSafeInteger)
  );
}
