const firstCapacityBytes = 1024;

/**
 * One packet whose bytes come in several chunks. Memory follows what has come, not what the packet declares;
 * each byte is copied a bounded number of times, however small the chunks are.
 */
export class GatheredPacket {
  readonly #sizeBytes: number;
  #bytes: Buffer;
  #usedBytes = 0;

  /** `sizeBytes`: the whole packet, header included. */
  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes;
    this.#bytes = Buffer.allocUnsafe(Math.min(sizeBytes, firstCapacityBytes));
  }

  add(bytes: Uint8Array): void {
    const needed = this.#usedBytes + bytes.length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.#sizeBytes, Math.max(needed, 2 * this.#bytes.length)));
      this.#bytes.copy(larger, 0, 0, this.#usedBytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#usedBytes);
    this.#usedBytes = needed;
  }

  /** What has come; the whole packet once all of it has. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#usedBytes);
  }
}
