/** Bytes of a digest: SHA-256. */
const digestBytes = 32;

/** One SHA-256 a block of the target, 32 bytes each: 1 MB of memory for a card of 32 GB. */
export class BlockDigests {
  #bytes = new Uint8Array(1024 * digestBytes);

  /** Keeps the digest of block `index`. */
  set(index: number, digest: Uint8Array): void {
    const end = (index + 1) * digestBytes;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(digest, index * digestBytes);
  }

  /** Whether `digest` is that of block `index`. */
  matches(index: number, digest: Uint8Array): boolean {
    const start = index * digestBytes;
    return Buffer.compare(this.#bytes.subarray(start, start + digestBytes), digest) === 0;
  }
}
