import { Encoder } from 'cbor-x';
import { scanCbor } from './cbor-scan.ts';

// Plain RFC 8949: maps of their exact size instead of the library's records, byte strings without a tag,
// doubles never narrowed, and 64-bit integers as numbers (their range is checked where they are read).
const options = {
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  tagUint8Array: false,
  int64AsNumber: true,
};
const encoder = new Encoder(options);

/** Encodes plain objects, arrays, strings, numbers, bigints, booleans, null and `Uint8Array` as CBOR. */
export function encodeCbor(value: unknown): Uint8Array {
  // The library hands out a view into a buffer that it shares between messages.
  return Uint8Array.prototype.slice.call(encoder.encode(value));
}

/**
 * Decodes one item of the subset that `scanCbor` allows. Byte strings are views into `bytes`. Throws
 * `WireProblem`.
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  scanCbor(bytes);
  return encoder.decode(bytes);
}
