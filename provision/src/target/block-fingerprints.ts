import { createCipheriv, randomBytes } from 'node:crypto';

const fingerprintBytes = 16;

/**
 * One fingerprint a block, 16 bytes each: a quarter of a megabyte for a card of 32 GB. It is the tag that AES-GCM gives to
 * a block which it authenticates only (GMAC, NIST SP 800-38D), ten times as fast as SHA-256. The key is random and
 * never leaves this object: what a medium does to a block of 1 MiB stays unnoticed with a probability of 2^-112
 * at most, whatever it does.
 */
export class BlockFingerprints {
  readonly #key = randomBytes(16);
  /** The same for all blocks, so that equal blocks have equal fingerprints: nobody outside sees one. */
  readonly #nonce = randomBytes(12);
  #bytes = new Uint8Array(1024 * fingerprintBytes);
  #count = 0;

  /** Keeps the fingerprint of `block` as that of number `index`; the first block is 0, and none is left out. */
  set(index: number, block: Uint8Array): void {
    if (index > this.#count) throw new RangeError(`block ${index} before block ${this.#count}`);
    this.#count = Math.max(this.#count, index + 1);
    const end = (index + 1) * fingerprintBytes;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(this.#of(block), index * fingerprintBytes);
  }

  /** Whether the fingerprint of block `index` is kept. */
  has(index: number): boolean {
    return index < this.#count;
  }

  /** Whether `block` is what was kept as number `index`. */
  matches(index: number, block: Uint8Array): boolean {
    const start = index * fingerprintBytes;
    const kept = this.#bytes.subarray(start, start + fingerprintBytes);
    return this.has(index) && Buffer.compare(kept, this.#of(block)) === 0;
  }

  #of(block: Uint8Array): Buffer {
    const cipher = createCipheriv('aes-128-gcm', this.#key, this.#nonce, { authTagLength: fingerprintBytes });
    cipher.setAAD(block);
    cipher.final();
    return cipher.getAuthTag();
  }
}
