import { constants, deflateSync, gunzipSync, gzipSync, inflateSync, type ZlibOptions } from 'node:zlib';
import { dictionary } from './dictionary.ts';
import { WireProblem } from './wire-problem.ts';

/** Compresses with gzip (RFC 1952). */
export function gzip(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes);
}

/** Compresses with zlib (RFC 1950) and the preset dictionary: short messages shrink as long ones do. */
export function deflateWithDictionary(bytes: Uint8Array): Uint8Array {
  return deflateSync(bytes, { dictionary, level: constants.Z_BEST_COMPRESSION });
}

/**
 * The bytes of a message, inflated where its first two bytes say that it is gzip or zlib with a preset
 * dictionary; at most `inflatedBytesMax` of them. Throws `WireProblem` where there are more, where they are
 * damaged, and where anything follows their end.
 */
export function inflate(bytes: Uint8Array, inflatedBytesMax: number): Uint8Array {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return inflateWhole(bytes, inflatedBytesMax, gunzipSync);
  if (usesDictionary(bytes)) return inflateWhole(bytes, inflatedBytesMax, inflateSync);
  if (bytes.length > inflatedBytesMax) throw tooLarge(inflatedBytesMax);
  return bytes;
}

/** RFC 1950 section 2.2: method 8 in the low bits of the first byte, FDICT in the second, check of both. */
function usesDictionary(bytes: Uint8Array): boolean {
  const [first = 0, second = 0] = bytes;
  return first === 0x78 && (second & 0x20) !== 0 && (first * 256 + second) % 31 === 0;
}

type Inflated = Buffer | { buffer: Buffer; engine: { bytesWritten: number } };

function inflateWhole(
  bytes: Uint8Array,
  inflatedBytesMax: number,
  decompress: (bytes: Uint8Array, options: ZlibOptions) => Inflated,
): Uint8Array {
  const inflated = attempt(
    () => decompress(bytes, { maxOutputLength: inflatedBytesMax, info: true, dictionary }),
    inflatedBytesMax,
  );
  if (!('engine' in inflated)) return inflated;
  // The library passes over whatever follows the end of the compressed data.
  if (inflated.engine.bytesWritten !== bytes.length) {
    throw new WireProblem('BATCH_UNDECODABLE', 'bytes follow the compressed message');
  }
  return inflated.buffer;
}

function attempt(decompress: () => Inflated, inflatedBytesMax: number): Inflated {
  try {
    return decompress();
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(inflatedBytesMax);
    throw new WireProblem(
      'BATCH_UNDECODABLE',
      `compressed: ${error instanceof Error ? error.message : 'damaged'}`,
    );
  }
}

function tooLarge(inflatedBytesMax: number): WireProblem {
  return new WireProblem('BATCH_TOO_LARGE', `more than ${inflatedBytesMax} bytes, inflated`);
}
