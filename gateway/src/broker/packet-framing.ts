/** MQTT 3.1.1 control packet types (section 2.2.1) that the guard tells apart. */
export const packetType = { connect: 1, publish: 3 } as const;

/** The beginning of one packet on the wire. */
export interface PacketHead {
  /** The first byte: type in the high four bits, flags in the low four (section 2.2). */
  readonly first: number;
  /** Length of the whole packet, fixed header included. */
  readonly sizeBytes: number;
}

/**
 * Finds where packets begin and how long they are, over chunks split anywhere, without keeping a byte of
 * them. MQTT 3.1.1, section 2.2.3: the remaining length is one to four bytes of seven bits each.
 */
export class PacketFraming {
  #first = -1;
  #lengthBytes = 0;
  #remaining = 0;

  /**
   * Reads header bytes of `chunk` from `at`. Answers the packet's head once its length is known, `malformed`
   * when a fifth length byte would be needed, and undefined when the chunk ends first. `next` is where
   * reading ended.
   */
  read(chunk: Uint8Array, at: number): { next: number; head?: PacketHead; malformed?: true } {
    let next = at;
    while (next < chunk.length) {
      const byte = chunk[next] ?? 0;
      next += 1;
      if (this.#first < 0) {
        this.#first = byte;
        continue;
      }
      this.#remaining += (byte & 0x7f) * 128 ** this.#lengthBytes;
      this.#lengthBytes += 1;
      if (byte < 0x80) return { next, head: this.#finish() };
      if (this.#lengthBytes === 4) return { next, malformed: true };
    }
    return { next };
  }

  /** Header bytes of the packet that `read` has seen so far. */
  get headerBytes(): number {
    return this.#first < 0 ? 0 : 1 + this.#lengthBytes;
  }

  #finish(): PacketHead {
    const head = { first: this.#first, sizeBytes: this.headerBytes + this.#remaining };
    this.#first = -1;
    this.#lengthBytes = 0;
    this.#remaining = 0;
    return head;
  }
}
