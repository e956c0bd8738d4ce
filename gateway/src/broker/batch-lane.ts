import { packetType } from './packet-framing.ts';

/** First bytes of a PUBLISH that the lane takes: QoS 1, not retained, sent for the first time or again. */
const firstBytes = {
  fresh: (packetType.publish << 4) | 0x02,
  again: (packetType.publish << 4) | 0x0a,
} as const;

/** PUBACK: type, remaining length, packet id (MQTT 3.1.1, section 3.4). */
const pubackBytes = 4;
const pubackFirst = 0x40;

/** Batches of one connection that are under way; beyond it its socket is not read. */
export const laneBatchesMax = 1024;

/** Settled publishes that may be kept in front of those under way: a thousand a lane would live long enough to be moved by each collection of young garbage. */
const keptSettledMax = 64;

/** What one session's lane stands on. */
export interface BatchLaneOptions {
  /** The one topic that the lane takes: the session's own `batch`. */
  readonly topic: string;
  /** Largest packet. */
  readonly packetBytes: number;
  /** While it is true no further batch is taken. */
  readonly isGateFull: () => boolean;
  /** Takes a batch in. `payload` may be a view of what was read from the socket. */
  readonly take: (payload: Uint8Array, publish: LanePublish) => void;
  readonly flush: LaneFlush;
}

/** What the socket of a lane does for it. */
export interface LaneSocket {
  write(bytes: Buffer): void;
  /** A batch could not be stored, or the session is over: nothing may be acknowledged any more. */
  drop(): void;
  /** The lane, which was full, has room again. */
  relieved(): void;
}

/** One PUBLISH that the lane has taken, until it is acknowledged. */
export class LanePublish {
  readonly #lane: BatchLane;
  readonly packetId: number;
  isSettled = false;

  constructor(lane: BatchLane, packetId: number) {
    this.#lane = lane;
    this.packetId = packetId;
  }

  /** It may be acknowledged (its batch is durable, or refused for good), or the connection has to end. */
  settle(mayAcknowledge: boolean): void {
    this.isSettled = true;
    this.#lane.settled(mayAcknowledge);
  }
}

/** Acknowledges what has settled in one turn of the event loop: one write a connection. */
export class LaneFlush {
  #lanes: BatchLane[] = [];

  add(lane: BatchLane): void {
    if (this.#lanes.push(lane) > 1) return;
    setImmediate(() => {
      const lanes = this.#lanes;
      this.#lanes = [];
      for (const each of lanes) each.acknowledge();
    });
  }
}

/**
 * The short way of one session's batches, past the broker's library: reads whole PUBLISH packets of the one
 * topic from the bytes of the socket, and answers PUBACK in their order. Every other packet is left where it
 * is. See docs/decisions for what it must have in common with the long way.
 */
export class BatchLane {
  readonly #options: BatchLaneOptions;
  readonly #socket: LaneSocket;
  readonly #topic: Buffer;
  #publishes: LanePublish[] = [];
  /** The oldest publish that is not acknowledged. */
  #head = 0;
  #isFlushing = false;
  #hasEnded = false;

  constructor(options: BatchLaneOptions, socket: LaneSocket) {
    this.#options = options;
    this.#socket = socket;
    this.#topic = Buffer.from(options.topic);
  }

  /** Whether a packet with this first byte may be the lane's. */
  static accepts(first: number): boolean {
    return first === firstBytes.fresh || first === firstBytes.again;
  }

  /** Batches under way. */
  get underWay(): number {
    return this.#publishes.length - this.#head;
  }

  get isFull(): boolean {
    return this.underWay >= laneBatchesMax;
  }

  /** Takes the whole packets of the lane at `at` of `chunk`; answers where the first other one begins. */
  takeFrom(chunk: Buffer, at: number): number {
    let next = at;
    while (!this.isFull && !this.#options.isGateFull()) {
      const end = this.#takeAt(chunk, next);
      if (end === next) break;
      next = end;
    }
    return next;
  }

  /** Takes one whole packet; false where it is not the lane's. */
  takePacket(packet: Buffer): boolean {
    return this.#takeAt(packet, 0) === packet.length;
  }

  /** Called by a publish: acknowledges, with the others of this turn, all that have settled before any that has not. */
  settled(mayAcknowledge: boolean): void {
    if (this.#hasEnded) return;
    if (!mayAcknowledge) {
      this.end();
      this.#socket.drop();
    } else if (!this.#isFlushing) {
      this.#isFlushing = true;
      this.#options.flush.add(this);
    }
  }

  /** Writes the acknowledgements of what has settled. */
  acknowledge(): void {
    this.#isFlushing = false;
    if (this.#hasEnded) return;
    const wasFull = this.isFull;
    const publishes = this.#publishes;
    let end = this.#head;
    while (publishes[end]?.isSettled) end += 1;
    if (end === this.#head) return;
    this.#socket.write(pubacks(publishes, this.#head, end));
    this.#head = end;
    this.#compact();
    if (wasFull) this.#socket.relieved();
  }

  /** The connection is over: nothing is taken or acknowledged any more. */
  end(): void {
    this.#hasEnded = true;
    this.#publishes = [];
    this.#head = 0;
  }

  /** The place behind the packet at `at` where it was taken; `at` where it is not whole, or not the lane's. */
  #takeAt(chunk: Buffer, at: number): number {
    if (this.#hasEnded || !BatchLane.accepts(chunk[at] ?? 0)) return at;
    const length = remainingLength(chunk, at + 1);
    const bodyAt = at + 1 + length.bytes;
    const end = bodyAt + length.value;
    if (length.bytes === 0 || end > chunk.length || end - at > this.#options.packetBytes) return at;
    const payloadAt = bodyAt + 2 + this.#topic.length + 2;
    if (payloadAt > end || !this.#isTopicAt(chunk, bodyAt)) return at;
    const packetId = (chunk[payloadAt - 2]! << 8) | chunk[payloadAt - 1]!;
    // The broker's library says what becomes of a packet id that no client may send.
    if (packetId === 0) return at;
    const publish = new LanePublish(this, packetId);
    this.#publishes.push(publish);
    const payload = new Uint8Array(chunk.buffer, chunk.byteOffset + payloadAt, end - payloadAt);
    this.#options.take(payload, publish);
    return end;
  }

  #isTopicAt(chunk: Buffer, at: number): boolean {
    const topic = this.#topic;
    if (((chunk[at]! << 8) | chunk[at + 1]!) !== topic.length) return false;
    for (let index = topic.length - 1; index >= 0; index--) {
      if (chunk[at + 2 + index] !== topic[index]) return false;
    }
    return true;
  }

  #compact(): void {
    if (this.#head < this.#publishes.length && this.#head < keptSettledMax) return;
    this.#publishes = this.#publishes.slice(this.#head);
    this.#head = 0;
  }
}

const noLength = { value: 0, bytes: 0 };
const foundLength = { value: 0, bytes: 0 };

/** Section 2.2.3; `bytes` is 0 where the chunk ends within it, or where it is longer than four. The answer is reused. */
function remainingLength(chunk: Buffer, at: number): { readonly value: number; readonly bytes: number } {
  let value = 0;
  for (let count = 0; count < 4; count++) {
    const byte = chunk[at + count];
    if (byte === undefined) return noLength;
    value += (byte & 0x7f) << (7 * count);
    if (byte >= 0x80) continue;
    foundLength.value = value;
    foundLength.bytes = count + 1;
    return foundLength;
  }
  return noLength;
}

function pubacks(publishes: readonly LanePublish[], from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe((to - from) * pubackBytes);
  for (let index = from, at = 0; index < to; index++, at += pubackBytes) {
    const { packetId } = publishes[index]!;
    bytes[at] = pubackFirst;
    bytes[at + 1] = pubackBytes - 2;
    bytes[at + 2] = packetId >> 8;
    bytes[at + 3] = packetId & 0xff;
  }
  return bytes;
}
