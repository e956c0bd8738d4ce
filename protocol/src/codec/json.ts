import { batchLimits } from './limits.ts';
import { WireProblem } from './wire-problem.ts';

const text = new TextDecoder('utf-8', { fatal: true });

/** Encodes as JSON (RFC 8259) in UTF-8; `Uint8Array` as base64url without padding (RFC 4648 section 5). */
export function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value, bytesAsBase64url));
}

/** Decodes JSON in UTF-8 within the limits of nesting and of containers. Throws `WireProblem`. */
export function decodeJson(bytes: Uint8Array): unknown {
  scanJson(bytes);
  try {
    return JSON.parse(text.decode(bytes));
  } catch (error) {
    throw new WireProblem('BATCH_UNDECODABLE', `not JSON: ${error instanceof Error ? error.message : ''}`);
  }
}

/** The bytes of base64url text without padding; undefined where it is not that. */
export function bytesFromBase64url(encoded: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(encoded) || encoded.length % 4 === 1) return undefined;
  return new Uint8Array(Buffer.from(encoded, 'base64url'));
}

function bytesAsBase64url(_key: string, value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64url');
}

/** Counts brackets outside of strings, since the parser itself has no limit of nesting. */
function scanJson(bytes: Uint8Array): void {
  let depth = 0;
  let containers = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    if (inString) {
      if (byte === 0x5c) index += 1;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) {
      inString = true;
    } else if (byte === 0x5b || byte === 0x7b) {
      depth += 1;
      containers += 1;
      if (depth > batchLimits.depth || containers > batchLimits.containers) throw tooDeep();
    } else if (byte === 0x5d || byte === 0x7d) {
      depth -= 1;
    }
  }
}

function tooDeep(): WireProblem {
  const { depth, containers } = batchLimits;
  return new WireProblem(
    'BATCH_UNDECODABLE',
    `the JSON has more than ${depth} levels of nesting or ${containers} objects and arrays`,
  );
}
