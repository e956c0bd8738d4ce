import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { WireProblem } from './wire-problem.ts';

/** Says whether `bytes` begin as gzip does (RFC 1952: 1f 8b). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Compresses with gzip. */
export function gzip(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes, { level: constants.Z_DEFAULT_COMPRESSION });
}

/** Inflates at most `inflatedBytesMax` bytes; throws `WireProblem` where there are more or they are damaged. */
export function gunzip(bytes: Uint8Array, inflatedBytesMax: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: inflatedBytesMax });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new WireProblem('BATCH_TOO_LARGE', `it inflates to more than ${inflatedBytesMax} bytes`);
    }
    throw new WireProblem('BATCH_UNDECODABLE', `gzip: ${error instanceof Error ? error.message : 'damaged'}`);
  }
}
