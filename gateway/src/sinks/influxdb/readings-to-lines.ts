import type { Buffer } from 'node:buffer';
import type { OneReadingBatch, ReadingsBlock } from '@fieldline/protocol';
import type { LineBatch } from './line-batch.ts';
import { numberBytesMax, writeFloat, writeText } from './number-bytes.ts';
import { quantityOf, type KnownQuantity, type KnownSeries } from './series-cache.ts';
import { separationTag, type BlockIdentity, type TimeSeparation } from './time-separation.ts';

/** Where the lines of one block of readings go, and under which names. */
export interface ReadingsTarget {
  readonly into: LineBatch;
  readonly separation: TimeSeparation;
  readonly device: string;
  readonly known: KnownSeries;
  /** Measurement and tags: `known.series`. */
  readonly series: Uint8Array;
  readonly identity: BlockIdentity;
  /** Place of the entry among those of the write. */
  readonly entry: number;
}

const space = 0x20;
const comma = 0x2c;

/** One quantity of a block. */
interface Column {
  readonly names: KnownQuantity;
  readonly v: Float64Array;
  readonly q: ArrayLike<number> | undefined;
  /** By time: the separating tag, empty for none; undefined where no time has one. */
  readonly tags: readonly string[] | undefined;
}

/** One line a time; a value whose point needs another separating tag gets a line of its own. Copies have none of their own here. */
export function readingsToLines(target: ReadingsTarget, block: ReadingsBlock): void {
  const columns: Column[] = [];
  let lineBytesMax = target.series.length + numberBytesMax + 3;
  for (const quantity in block.fields) {
    const { v, q } = block.fields[quantity]!;
    const names = quantityOf(target.known, { device: target.device, sensor: block.sensor, quantity });
    const tags = target.separation.readingTags(names.streamKey, block.t, v, target.identity);
    columns.push({ names, v, q, tags });
    lineBytesMax += names.key.length + names.qualityKey.length + 2 * numberBytesMax + 1;
  }
  for (let index = 0; index < block.t.length; index++) {
    writeUntagged(target, columns, { index, timeUs: block.t[index]!, lineBytesMax });
    for (const column of columns) {
      const tag = column.tags?.[index] ?? '';
      if (tag !== '') writeTagged(target, column, { index, timeUs: block.t[index]!, lineBytesMax }, tag);
    }
  }
}

/** One time of a block, and the bytes that its line takes at most. */
interface Row {
  readonly index: number;
  readonly timeUs: number;
  readonly lineBytesMax: number;
}

/** The same for a batch of one reading, without a block; false where its point needs a tag of its own. */
export function oneReadingToLine(
  { into, separation, known, series, entry }: Omit<ReadingsTarget, 'identity'>,
  { outline, timeUs, value }: OneReadingBatch,
): boolean {
  const { key, streamKey } = quantityOf(known, outline);
  if (!separation.isNext(streamKey, timeUs)) return false;
  into.reserve(series.length + key.length + 2 * numberBytesMax + 3);
  const { bytes } = into;
  bytes.set(series, into.used);
  const fieldAt = into.used + series.length;
  bytes[fieldAt] = space;
  bytes.set(key, fieldAt + 1);
  endLine(into, writeFloat(bytes, fieldAt + 1 + key.length, value), timeUs, entry);
  return true;
}

function writeUntagged(target: ReadingsTarget, columns: readonly Column[], row: Row): void {
  const { into, series, entry } = target;
  into.reserve(row.lineBytesMax);
  const { bytes } = into;
  bytes.set(series, into.used);
  const fieldsAt = into.used + series.length;
  let at = fieldsAt;
  for (const column of columns) {
    if (Number.isNaN(column.v[row.index]) || (column.tags?.[row.index] ?? '') !== '') continue;
    bytes[at] = at === fieldsAt ? space : comma;
    at = writeField(bytes, at + 1, column, row.index);
  }
  if (at > fieldsAt) endLine(into, at, row.timeUs, entry);
}

function writeTagged({ into, series, entry }: ReadingsTarget, column: Column, row: Row, tag: string): void {
  const tagText = `,${separationTag}=${tag} `;
  into.reserve(row.lineBytesMax + tagText.length);
  const { bytes } = into;
  bytes.set(series, into.used);
  const at = writeText(bytes, into.used + series.length, tagText);
  endLine(into, writeField(bytes, at, column, row.index), row.timeUs, entry);
}

/** `temperature=20.5`, with its quality where that is not good. */
function writeField(bytes: Buffer, start: number, { names, v, q }: Column, index: number): number {
  bytes.set(names.key, start);
  const at = writeFloat(bytes, start + names.key.length, v[index]!);
  const quality = q === undefined ? 0 : q[index]!;
  if (quality === 0) return at;
  bytes.set(names.qualityKey, at);
  return writeFloat(bytes, at + names.qualityKey.length, quality);
}

function endLine(into: LineBatch, at: number, timeUs: number, entry: number): void {
  into.bytes[at] = space;
  into.endLine(into.times.write(into.bytes, at + 1, timeUs), entry);
}
