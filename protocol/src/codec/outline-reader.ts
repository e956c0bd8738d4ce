import type { Batch } from '../schema/index.ts';
import { OneReadingBatch, oneReadingNumbers, outlineOf, type Outline } from './one-reading.ts';
import { quickFirstByte } from './quick-batch.ts';
import { QuickReader } from './quick-reader.ts';

/** Outlines remembered of one connection. */
const outlinesMax = 16;
/** Messages like none of them, after which a full memory begins anew: the device has got other streams, or too many. */
const strangersMax = 1000;

/** What stands between the numbers of a message, in its order. */
interface Layout {
  readonly outline: Outline;
  /** Before `seq`, `sentAt`, the time, the value, each of the six totals. */
  readonly literals: readonly Uint8Array[];
}

const reader = new QuickReader();
const numbers = new Float64Array(oneReadingNumbers);
const totals = ['taken', 'filtered', 'refused', 'lost', 'open', 'batched'] as const;

/**
 * Reads the batches of one reading that a connection repeats: those in which nothing but the numbers differs from
 * one that was read, and checked, before. One of these for each connection.
 */
export class OutlineReader {
  #layouts: Layout[] = [];
  /** Where the one stands that the next message is likely to be like: streams mostly come in turn. */
  #next = 0;
  #strangers = 0;

  /** The batch of a message; undefined of one that is not like those before, which `decodeBatch` then reads or refuses. */
  read(bytes: Uint8Array): OneReadingBatch | undefined {
    if (bytes[0] !== quickFirstByte) return undefined;
    const { length } = this.#layouts;
    for (let count = 0, at = this.#next; count < length; count++, at = at + 1 === length ? 0 : at + 1) {
      const layout = this.#layouts[at]!;
      if (!readNumbers(bytes, layout.literals)) continue;
      this.#next = at + 1 === length ? 0 : at + 1;
      return new OneReadingBatch(layout.outline, numbers);
    }
    return undefined;
  }

  /** Remembers how a message was laid out that has just been read the long way. */
  learn(batch: Batch): void {
    if (this.#layouts.length === outlinesMax && ++this.#strangers < strangersMax) return;
    const outline = outlineOf(batch);
    if (!outline) return;
    if (this.#layouts.length === outlinesMax) this.#forget();
    this.#layouts.push({ outline, literals: literalsOf(outline) });
  }

  #forget(): void {
    this.#layouts = [];
    this.#next = 0;
    this.#strangers = 0;
  }
}

/** Fills `numbers`; false where the message is laid out otherwise. */
function readNumbers(bytes: Uint8Array, literals: readonly Uint8Array[]): boolean {
  reader.begin(bytes);
  for (let at = 0; at < oneReadingNumbers && !reader.failed; at++) {
    reader.literal(literals[at]!);
    numbers[at] = numberAt(at);
  }
  reader.end();
  return !reader.failed && Number.isSafeInteger(numbers[2]);
}

/** The number in this place: `seq` from 1, `sentAt` any, two columns of one, totals from 0. */
function numberAt(at: number): number {
  if (at === 0) return reader.integer(1);
  if (at === 1) return reader.integer(Number.MIN_SAFE_INTEGER);
  return at < 4 ? reader.columnOfOne() : reader.integer(0);
}

/** As `encodeBatch` writes it. */
function literalsOf(outline: Outline): Uint8Array[] {
  const { device, epoch, bootId, clock, configVersion, lane, sensor, type, quantity, unit, stream } = outline;
  const [taken, ...others] = totals;
  return [
    [quickFirstByte, 'v', 0x01, 'device', device, 'epoch', epoch, 'seq'],
    ['bootId', bootId, 'sentAt'],
    ['clock', clock, 'configVersion', ...wholeNumber(configVersion), 'lane', lane].concat([
      'sensors',
      0x81,
      0xa5,
      'sensor',
      sensor,
      'type',
      type,
      'kind',
      'readings',
      't',
    ]),
    ['fields', 0xa1, quantity, 0xa2, 'unit', unit, 'v'],
    ['ledger', 0xa1, stream, 0xa6, taken],
    ...others.map((name) => [name]),
  ].map(bytesOf);
}

/** CBOR of texts (RFC 8949, section 3.1, major type 3), and single bytes as they are. */
function bytesOf(parts: readonly (string | number)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === 'number' ? [part] : [...head(3, part.length), ...Buffer.from(part, 'latin1')],
    ),
  );
}

const wholeNumber = (value: number): number[] => (value < 2 ** 32 ? head(0, value) : []);

/** The head of an item: its major type and its argument in the shortest form. */
function head(major: number, argument: number): number[] {
  const type = major << 5;
  if (argument < 24) return [type | argument];
  if (argument < 256) return [type | 24, argument];
  if (argument < 65_536) return [type | 25, argument >> 8, argument & 0xff];
  return [type | 26, argument >>> 24, (argument >> 16) & 0xff, (argument >> 8) & 0xff, argument & 0xff];
}
