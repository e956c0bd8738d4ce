import { maxUnitLength } from '../schema/index.ts';
import { batchLimits } from './limits.ts';

/** Texts remembered; another one in the same place takes it. A power of two. */
const slotCount = 4096;

/** Places of a message whose texts are remembered by place. */
const expectedCount = 32;

/** Longer texts are left to the reader of any message. */
export const quickTextBytesMax = 127;

const devicePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
const namePattern = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const streamPattern = /^[a-z0-9][a-z0-9_-]{0,62}\/[a-z0-9][a-z0-9_-]{0,62}$/;
const idPattern = new RegExp(`^[\\x21-\\x7e]{1,${batchLimits.idLength}}$`);
const unitPattern = new RegExp(`^[\\x21-\\x7e]{1,${maxUnitLength}}$`);

/** A text of a message, with what it may stand for. */
export interface KnownText {
  readonly value: string;
  readonly isDevice: boolean;
  readonly isName: boolean;
  readonly isStream: boolean;
  readonly isId: boolean;
  readonly isUnit: boolean;
}

/**
 * The texts that messages repeat (names, units, epochs): each is decoded and checked once, then found by its
 * bytes. Constant memory, whatever is sent.
 */
export class TextTable {
  /** The texts of the message before, by their place: a device repeats them. */
  readonly #expected: (KnownText | undefined)[] = new Array<KnownText | undefined>(expectedCount).fill(
    undefined,
  );
  readonly #slots: (KnownText | undefined)[] = new Array<KnownText | undefined>(slotCount).fill(undefined);

  /** The same as `find`, for the text at `place` of the message, from 0. */
  next(bytes: Uint8Array, start: number, length: number, place: number): KnownText {
    const expected = this.#expected[place];
    if (expected !== undefined && isSame(expected.value, bytes, start, length)) return expected;
    const found = this.find(bytes, start, length);
    if (place < expectedCount) this.#expected[place] = found;
    return found;
  }

  /** The text at `start`, at most `quickTextBytesMax` bytes long; where it is not ASCII it may stand for nothing. */
  find(bytes: Uint8Array, start: number, length: number): KnownText {
    // FNV-1a, 32 bits (RFC 9923).
    let hash = 0x811c9dc5;
    for (let at = start; at < start + length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & (slotCount - 1);
    const known = this.#slots[slot];
    if (known !== undefined && isSame(known.value, bytes, start, length)) return known;
    const text = judge(bytes, start, length);
    this.#slots[slot] = text;
    return text;
  }
}

function isSame(value: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (value.length !== length) return false;
  for (let at = 0; at < length; at++) if (value.charCodeAt(at) !== bytes[start + at]) return false;
  return true;
}

function judge(bytes: Uint8Array, start: number, length: number): KnownText {
  // Each byte one character: what is not ASCII matches none of the patterns.
  const value = String.fromCharCode(...bytes.subarray(start, start + length));
  return {
    value,
    isDevice: devicePattern.test(value),
    isName: namePattern.test(value),
    isStream: streamPattern.test(value),
    isId: idPattern.test(value),
    isUnit: unitPattern.test(value),
  };
}
