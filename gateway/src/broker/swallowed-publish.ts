/** Flags of PUBLISH (MQTT 3.1.1, section 3.3.1): the QoS stands in bits 1 and 2. */
function qosOf(first: number): number {
  return (first >> 1) & 3;
}

/** A PUBLISH that was too large to be taken, of which only the beginning was kept. */
export interface OversizedPublish {
  readonly topic: string;
  readonly packetId: number;
  /** Length of the payload as it was sent. */
  readonly sizeBytes: number;
  /** Its first bytes. */
  readonly payload: Uint8Array;
}

/**
 * Reads past a PUBLISH of QoS 1 that is larger than the limit, keeping only its first bytes. It can then be
 * acknowledged and put among the dead letters: a device that was cut off instead would send it again for
 * ever, and everything behind it would wait.
 */
export class SwallowedPublish {
  readonly #bodyBytes: number;
  readonly #keepBytes: number;
  #kept = new Uint8Array(0);
  #seenBytes = 0;

  /** `bodyBytes`: the packet without its fixed header. `payloadBytes`: how much of the payload to keep. */
  constructor(bodyBytes: number, payloadBytes: number) {
    this.#bodyBytes = bodyBytes;
    // The longest topic with its two length bytes, and the packet id.
    this.#keepBytes = 2 + 65_535 + 2 + payloadBytes;
  }

  /** Whether a packet with this first byte can be read past: only QoS 1 is acknowledged in one step. */
  static accepts(first: number): boolean {
    return first >> 4 === 3 && qosOf(first) === 1;
  }

  /** Takes bytes of the body. Answers the message once the whole body has passed; `malformed` if it is none. */
  add(bytes: Uint8Array): OversizedPublish | 'malformed' | undefined {
    const wanted = bytes.subarray(0, Math.max(0, this.#keepBytes - this.#seenBytes));
    if (wanted.length > 0) this.#kept = Buffer.concat([this.#kept, wanted]);
    this.#seenBytes += bytes.length;
    return this.#seenBytes >= this.#bodyBytes ? this.#read() : undefined;
  }

  #read(): OversizedPublish | 'malformed' {
    const view = Buffer.from(this.#kept.buffer, this.#kept.byteOffset, this.#kept.byteLength);
    const topicBytes = view.length < 2 ? Infinity : view.readUInt16BE(0);
    const headBytes = 2 + topicBytes + 2;
    if (headBytes > view.length) return 'malformed';
    return {
      topic: view.toString('utf8', 2, 2 + topicBytes),
      packetId: view.readUInt16BE(2 + topicBytes),
      sizeBytes: this.#bodyBytes - headBytes,
      payload: view.subarray(headBytes),
    };
  }
}
