import { accepted, refused, type Result } from '../errors/index.ts';
import type { Batch } from '../schema/index.ts';
import { batchToWire } from './batch-to-wire.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { deflateWithDictionary, gzip, inflate } from './compression.ts';
import { decodeJson, encodeJson } from './json.ts';
import { batchLimits } from './limits.ts';
import type { OutlineReader } from './outline-reader.ts';
import { quickFirstByte, readQuickBatch } from './quick-batch.ts';
import { WireProblem } from './wire-problem.ts';
import { wireToBatch } from './wire-to-batch.ts';

/** The form in which a batch is written. */
export interface EncodeOptions {
  /** Default `cbor`. */
  readonly format?: 'cbor' | 'json';
  /** Columns as packed bytes instead of plain arrays; default true. */
  readonly packed?: boolean;
  /** The whole message compressed with gzip; default false. */
  readonly gzip?: boolean;
  /**
   * The whole message compressed with zlib and the preset dictionary, if `gzip` is not asked for: 100
   * readings take 3 bytes each instead of 5, since the names of the message cost next to nothing. Default
   * false.
   */
  readonly dictionary?: boolean;
}

/** What a message may be at most. */
export interface DecodeLimits {
  /** Most bytes of the message, after inflating where it is compressed; default 8 MiB. */
  readonly inflatedBytes?: number;
}

/**
 * The bytes of a batch, the payload of one MQTT message. Expects a valid batch: what `decodeBatch` would
 * refuse, it may encode all the same.
 */
export function encodeBatch(batch: Batch, options: EncodeOptions = {}): Uint8Array {
  const { format = 'cbor', packed = true } = options;
  const message = batchToWire(batch, { format, packed });
  const bytes = format === 'cbor' ? encodeCbor(message) : encodeJson(message);
  if (options.gzip) return gzip(bytes);
  return options.dictionary ? deflateWithDictionary(bytes) : bytes;
}

/**
 * The batch of a message in any of the forms of `encodeBatch`, told apart by the first byte, after checking
 * all of it. Never throws: refused as `BATCH_UNDECODABLE`, `BATCH_TOO_LARGE` or `BATCH_INVALID`, with the
 * path of what was found wrong. `outlines`: those of the connection, where many messages come by one.
 */
export function decodeBatch(
  bytes: Uint8Array,
  limits: DecodeLimits = {},
  outlines?: OutlineReader,
): Result<Batch> {
  try {
    const plain = inflate(bytes, limits.inflatedBytes ?? batchLimits.inflatedBytes);
    const repeated = outlines?.read(plain);
    if (repeated) return accepted(repeated);
    const quick = plain[0] === quickFirstByte ? readQuickBatch(plain) : undefined;
    if (quick) outlines?.learn(quick);
    return accepted(quick ?? wireToBatch(decodeMessage(plain)));
  } catch (error) {
    if (error instanceof WireProblem) return refused(error.code, error.message);
    const detail = error instanceof Error ? error.message : String(error);
    return refused('BATCH_UNDECODABLE', detail);
  }
}

function decodeMessage(bytes: Uint8Array): unknown {
  const first = bytes[0];
  if (first === undefined) throw new WireProblem('BATCH_UNDECODABLE', 'the message is empty');
  // CBOR maps begin with a0 to bf; JSON objects with {, possibly after white space.
  if (first >= 0xa0 && first <= 0xbf) return decodeCbor(bytes);
  if (first === 0x7b || first === 0x20 || (first >= 0x09 && first <= 0x0d)) return decodeJson(bytes);
  throw new WireProblem('BATCH_UNDECODABLE', `its first byte is 0x${first.toString(16).padStart(2, '0')}`);
}
