import { crc16 } from './crc16.ts';

/** A packet with a right CRC, or bytes that are none. Nothing is silently lost. */
export type CobsFrame =
  | { readonly kind: 'packet'; readonly payload: Uint8Array }
  | { readonly kind: 'discarded'; readonly reason: CobsDiscard; readonly sizeBytes: number };

/** `first`: the bytes before the first zero, which are the rest of a frame whose beginning was not seen. */
export type CobsDiscard = 'first' | 'bad-cobs' | 'bad-crc' | 'too-short' | 'too-long' | 'truncated';

/** The longest encoded frame that is kept, in bytes. */
export const packetMaxBytes = 65_536;

/**
 * Cuts bytes into packets: COBS (Cheshire and Baker, 1999), ended by a zero byte; the last two bytes of each
 * are its CRC-16/CCITT-FALSE, little endian. Incremental: chunks may be split anywhere. A payload is valid
 * until the next `push`.
 */
export class CobsFramer {
  readonly #encoded: Uint8Array;
  readonly #decoded: Uint8Array;
  #length = 0;
  #overflowBytes = 0;
  #synchronised = false;

  constructor(maxBytes = packetMaxBytes) {
    this.#encoded = new Uint8Array(maxBytes);
    this.#decoded = new Uint8Array(maxBytes);
  }

  /** Takes the next bytes and hands over what they completed, in order. */
  push(chunk: Uint8Array, take: (frame: CobsFrame) => void): void {
    let from = 0;
    for (;;) {
      const zero = chunk.indexOf(0, from);
      this.#append(chunk.subarray(from, zero < 0 ? chunk.length : zero));
      if (zero < 0) return;
      this.#end(take);
      from = zero + 1;
    }
  }

  /** Gives up what was begun, and waits for a zero byte: the port was closed. */
  reset(take: (frame: CobsFrame) => void): void {
    const sizeBytes = this.#length + this.#overflowBytes;
    if (sizeBytes > 0) take({ kind: 'discarded', reason: 'truncated', sizeBytes });
    this.#length = 0;
    this.#overflowBytes = 0;
    this.#synchronised = false;
  }

  #append(bytes: Uint8Array): void {
    const room = this.#encoded.length - this.#length;
    const kept = bytes.length > room ? bytes.subarray(0, room) : bytes;
    this.#encoded.set(kept, this.#length);
    this.#length += kept.length;
    this.#overflowBytes += bytes.length - kept.length;
  }

  #end(take: (frame: CobsFrame) => void): void {
    const sizeBytes = this.#length + this.#overflowBytes;
    const frame = this.#overflowBytes > 0 ? 'too-long' : this.#decode();
    this.#length = 0;
    this.#overflowBytes = 0;
    const first = !this.#synchronised;
    this.#synchronised = true;
    if (sizeBytes === 0) return;
    if (typeof frame === 'string') take({ kind: 'discarded', reason: first ? 'first' : frame, sizeBytes });
    else take({ kind: 'packet', payload: frame });
  }

  /** The payload, or why there is none. */
  #decode(): Uint8Array | CobsDiscard {
    const length = this.#uncobs();
    if (length < 0) return 'bad-cobs';
    if (length < 3) return 'too-short';
    const payload = this.#decoded.subarray(0, length - 2);
    const sent = (this.#decoded[length - 2] ?? 0) | ((this.#decoded[length - 1] ?? 0) << 8);
    return crc16(payload) === sent ? payload : 'bad-crc';
  }

  /** Decodes in place of the last packet; the length, or -1 where a code points beyond the end. */
  #uncobs(): number {
    const encoded = this.#encoded;
    const decoded = this.#decoded;
    let read = 0;
    let written = 0;
    while (read < this.#length) {
      const code = encoded[read]!;
      const end = read + code;
      if (end > this.#length) return -1;
      for (read += 1; read < end; read++) decoded[written++] = encoded[read]!;
      // A code below 255 stands for a zero, except at the end of the packet.
      if (code < 0xff && read < this.#length) decoded[written++] = 0;
    }
    return written;
  }
}
