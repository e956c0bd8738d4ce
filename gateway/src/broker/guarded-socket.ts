import { Duplex } from 'node:stream';
import type { ErrorCode } from '@fieldline/protocol';
import { PacketFraming, packetType, type PacketHead } from './packet-framing.ts';
import { SwallowedPublish, type OversizedPublish } from './swallowed-publish.ts';

/** Bytes read ahead of the broker on one connection. */
const readAheadBytes = 16 * 1024;

/** What the guard needs to know of the stages behind it: while `full` says so, nothing is read. */
export interface Gate {
  readonly full: boolean;
  whenRelieved(resume: () => void): void;
  forget(resume: () => void): void;
}

/** Limits of one connection, and who is told of what the guard does. */
export interface GuardOptions {
  /** Largest CONNECT packet. */
  readonly connectBytes: number;
  /** Largest packet of an open session. */
  readonly packetBytes: number;
  /** First bytes kept of a PUBLISH beyond that. */
  readonly keptBytes: number;
  readonly connectTimeoutMs: number;
  readonly gate: Gate;
  /** The connection was ended by the guard. Called once, before the socket is destroyed. */
  readonly onCut: (code: ErrorCode, detail: string) => void;
  /** A PUBLISH was read past. The guard acknowledges it on true, and ends the connection on false. */
  readonly onOversized: (publish: OversizedPublish) => boolean;
}

/**
 * Stands between a TCP socket and the broker, which buffers whatever a peer declares, before it knows the
 * peer. It lets through one CONNECT packet of limited size, then nothing until `open` is called, then
 * packets of limited size, as fast as the stages behind can take them.
 */
export class GuardedSocket extends Duplex {
  readonly #socket: Duplex;
  readonly #options: GuardOptions;
  readonly #framing = new PacketFraming();
  readonly #connectTimer: NodeJS.Timeout;
  #phase: 'connect' | 'authenticating' | 'open' = 'connect';
  /** Bytes of the packet in progress that have yet to come. */
  #bodyBytesLeft = 0;
  #swallowed: SwallowedPublish | undefined;
  /** Bytes received that may not pass yet. */
  #held: Buffer | undefined;
  /** The first bytes of a packet whose length is not known yet. */
  #heldHead = Buffer.alloc(0);
  #isWanted = false;
  #hasEnded = false;
  readonly #resume = () => this.#advance();

  constructor(socket: Duplex, options: GuardOptions) {
    super({ readableHighWaterMark: readAheadBytes });
    this.#socket = socket;
    this.#options = options;
    this.#connectTimer = setTimeout(() => this.cut('CONNECT_TIMEOUT'), options.connectTimeoutMs);
    socket.on('data', (chunk: Buffer) => {
      this.#held = this.#held ? Buffer.concat([this.#held, chunk]) : chunk;
      this.#advance();
    });
    socket.on('end', () => {
      this.#hasEnded = true;
      this.#advance();
    });
    socket.on('error', (error) => this.destroy(error));
    // The socket is half-open: after its end the broker still reads what came before, and then closes it.
    socket.on('close', () => this.destroy());
  }

  /** The session is open: what follows CONNECT may pass. */
  open(): void {
    if (this.#phase !== 'authenticating') return;
    this.#phase = 'open';
    this.#advance();
  }

  /** Ends the connection for a reason that is counted and told. */
  cut(code: ErrorCode, detail = ''): void {
    if (this.destroyed) return;
    this.#options.onCut(code, detail);
    this.destroy();
  }

  override _read(): void {
    this.#isWanted = true;
    this.#advance();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#connectTimer);
    this.#options.gate.forget(this.#resume);
    this.#held = undefined;
    this.#socket.destroy();
    done(error);
  }

  /** Lets pass what may pass, and reads on only when all of it has. */
  #advance(): void {
    while (this.#held && this.#mayPass()) {
      const chunk = this.#held;
      const passed = this.#inspect(chunk);
      this.#held = passed < chunk.length ? chunk.subarray(passed) : undefined;
    }
    if (this.destroyed) return;
    if (this.#held || !this.#mayPass()) this.#socket.pause();
    else if (this.#hasEnded) this.push(null);
    else this.#socket.resume();
  }

  #mayPass(): boolean {
    if (this.destroyed || !this.#isWanted || this.#phase === 'authenticating') return false;
    if (this.#phase === 'open' && this.#options.gate.full) {
      this.#options.gate.whenRelieved(this.#resume);
      return false;
    }
    return true;
  }

  /** Passes on the packets of `chunk`; answers how many of its bytes are done with. */
  #inspect(chunk: Buffer): number {
    let at = 0;
    let passedTo = 0;
    while (at < chunk.length) {
      if (this.#bodyBytesLeft > 0) {
        const next = Math.min(chunk.length, at + this.#bodyBytesLeft);
        this.#bodyBytesLeft -= next - at;
        if (this.#swallowed) {
          this.#swallow(chunk.subarray(at, next));
          passedTo = next;
        }
        at = next;
        if (this.#bodyBytesLeft === 0 && this.#endPacket()) break;
        continue;
      }
      const before = at;
      const found = this.#framing.read(chunk, at);
      at = found.next;
      if (found.malformed) return this.#cutMalformed();
      this.#pass(chunk.subarray(passedTo, before));
      this.#heldHead = Buffer.concat([this.#heldHead, chunk.subarray(before, at)]);
      passedTo = at;
      if (found.head && !this.#beginPacket(found.head)) return chunk.length;
      if (found.head && this.#bodyBytesLeft === 0 && this.#endPacket()) break;
    }
    this.#pass(chunk.subarray(passedTo, at));
    return at;
  }

  /** Judges a packet by its head; false where the connection was cut. */
  #beginPacket(head: PacketHead): boolean {
    const header = this.#heldHead;
    this.#heldHead = Buffer.alloc(0);
    this.#bodyBytesLeft = head.sizeBytes - header.length;
    const { connectBytes, packetBytes, keptBytes } = this.#options;
    if (this.#phase === 'connect') {
      if (head.first !== packetType.connect << 4) return this.#refuse('CONNECT_MALFORMED', '');
      if (head.sizeBytes > connectBytes) {
        return this.#refuse('CONNECT_TOO_LARGE', `${head.sizeBytes} bytes; at most ${connectBytes}.`);
      }
    } else if (head.sizeBytes > packetBytes) {
      if (!SwallowedPublish.accepts(head.first)) {
        return this.#refuse('PACKET_TOO_LARGE', `${head.sizeBytes} bytes; at most ${packetBytes}.`);
      }
      this.#swallowed = new SwallowedPublish(this.#bodyBytesLeft, keptBytes);
      return true;
    }
    this.#pass(header);
    return true;
  }

  /** True where nothing more may pass for now: CONNECT has passed and its answer is awaited. */
  #endPacket(): boolean {
    if (this.#phase !== 'connect') return false;
    this.#phase = 'authenticating';
    clearTimeout(this.#connectTimer);
    return true;
  }

  #swallow(bytes: Uint8Array): void {
    const publish = this.#swallowed?.add(bytes);
    if (!publish) return;
    this.#swallowed = undefined;
    if (publish === 'malformed') {
      this.cut('PACKET_MALFORMED', 'A topic is longer than its packet.');
      return;
    }
    if (!this.#options.onOversized(publish)) {
      this.destroy();
      return;
    }
    const { packetId } = publish;
    // PUBACK (section 3.4), through this stream's own queue so that it never cuts into another packet.
    this.write(Buffer.from([0x40, 2, packetId >> 8, packetId & 0xff]));
  }

  #pass(bytes: Buffer): void {
    if (bytes.length > 0 && !this.push(bytes)) this.#isWanted = false;
  }

  #cutMalformed(): number {
    this.cut(this.#phase === 'connect' ? 'CONNECT_MALFORMED' : 'PACKET_MALFORMED', 'A length is not MQTT.');
    return 0;
  }

  #refuse(code: ErrorCode, detail: string): false {
    this.cut(code, detail);
    return false;
  }
}
