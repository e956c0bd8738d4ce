import { inflateMessage, isDeviceId } from '@fieldline/protocol';

/** The name of a batch: unique, whatever happens to the device. */
export interface BatchName {
  readonly device: string;
  readonly epoch: string;
  readonly seq: number;
}

/** Bytes of the message in which the name must stand: it comes before the sensors. */
const peekBytes = 4096;

/**
 * Reads device, epoch and seq of a message that is not a valid batch (a newer agent, a unit that is not
 * known here), so that the ledger can say that it was refused. Undefined where they cannot be read; never
 * throws.
 */
export function peekBatchName(
  payload: Uint8Array,
  limits: { readonly inflatedBytes: number },
): BatchName | undefined {
  try {
    const plain = inflateMessage(payload, limits.inflatedBytes);
    const isJson = plain[0] === 0x7b;
    return toName(
      isJson ? JSON.parse(new TextDecoder().decode(plain)) : cborHead(plain.subarray(0, peekBytes)),
    );
  } catch {
    return undefined;
  }
}

function toName(found: unknown): BatchName | undefined {
  if (typeof found !== 'object' || found === null) return undefined;
  if (!('device' in found) || !('epoch' in found) || !('seq' in found)) return undefined;
  const { device, epoch, seq } = found;
  if (typeof device !== 'string' || typeof epoch !== 'string' || typeof seq !== 'number') return undefined;
  if (!isDeviceId(device) || epoch.length > 64 || !Number.isSafeInteger(seq) || seq < 1) return undefined;
  return { device, epoch, seq };
}

/** The first entries of a CBOR map (RFC 8949), as long as their values are unsigned integers or text. */
function cborHead(bytes: Uint8Array): Record<string, string | number> {
  const found: Record<string, string | number> = {};
  const reader = { bytes, at: 1 };
  if (bytes[0] === undefined || bytes[0] >> 5 !== 5) return found;
  reader.at += extraBytes(bytes[0]);
  while (!('device' in found && 'epoch' in found && 'seq' in found)) {
    const key = readScalar(reader);
    const value = readScalar(reader);
    if (typeof key !== 'string' || value === undefined) break;
    found[key] = value;
  }
  return found;
}

/** One text or unsigned integer; undefined for anything else, or at the end. */
function readScalar(reader: { readonly bytes: Uint8Array; at: number }): string | number | undefined {
  const head = reader.bytes[reader.at];
  if (head === undefined) return undefined;
  const extra = extraBytes(head);
  let argument = extra === 0 ? head & 0x1f : 0;
  for (const byte of reader.bytes.subarray(reader.at + 1, reader.at + 1 + extra))
    argument = argument * 256 + byte;
  reader.at += 1 + extra;
  if (head >> 5 === 0) return argument;
  if (head >> 5 !== 3) return undefined;
  const text = reader.bytes.subarray(reader.at, reader.at + argument);
  reader.at += argument;
  return new TextDecoder().decode(text);
}

/** Bytes of the argument that follow the head. */
function extraBytes(head: number): number {
  const info = head & 0x1f;
  return info >= 24 && info <= 27 ? 1 << (info - 24) : 0;
}
