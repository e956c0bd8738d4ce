import { Duplex } from 'node:stream';
import type { ErrorCode } from '@fieldline/protocol';
import { BatchLane, type BatchLaneOptions } from './batch-lane.ts';
import { GatheredPacket } from './gathered-packet.ts';
import { PacketFraming, packetType, type PacketHead } from './packet-framing.ts';
import { SwallowedPublish, type OversizedPublish } from './swallowed-publish.ts';

/** Bytes read ahead of the broker on one connection. */
const readAheadBytes = 16 * 1024;

/** One for all connections: most of them are quiet, and hold nothing. */
const noBytes = Buffer.alloc(0);

/** A session may be silent for one and a half times its keep-alive (section 3.1.2.10). */
const keepAliveFactor = 1.5;

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
  /** The last instant at which the certificate of the peer counts, µs; none: it has shown nothing that ends. */
  readonly countsUntilUs?: number | undefined;
  readonly gate: Gate;
  /** The connection was ended by the guard. Called once, before the socket is destroyed. */
  readonly onCut: (code: ErrorCode, detail: string) => void;
  /** A PUBLISH was read past. The guard acknowledges it on true, and ends the connection on false. */
  readonly onOversized: (publish: OversizedPublish) => boolean;
}

/**
 * Stands between a TCP socket and the broker, which buffers whatever a peer declares, before it knows the
 * peer. It lets through one CONNECT packet of limited size, then nothing until `open` is called, then
 * packets of limited size, as fast as the stages behind can take them. Where `open` names a lane, the batches
 * of the session leave the stream here. It also watches the keep-alive, since only it sees all packets.
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
  #heldHead = noBytes;
  #isWanted = false;
  #hasEnded = false;
  #lane: BatchLane | undefined;
  /** A PUBLISH that came in pieces, and may be the lane's. */
  #gathered: GatheredPacket | undefined;
  /** Longest silence, milliseconds; 0: any. */
  #silenceMsMax = 0;
  #packetAtMs = 0;
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

  /** The session is open: what follows CONNECT may pass, its batches through the lane where there is one. */
  open(lane?: BatchLaneOptions): void {
    if (this.#phase !== 'authenticating') return;
    this.#phase = 'open';
    this.#packetAtMs = performance.now();
    if (lane) {
      this.#lane = new BatchLane(lane, {
        write: (bytes) => void this.write(bytes),
        drop: () => this.destroy(),
        relieved: this.#resume,
      });
    }
    this.#advance();
  }

  /** Sets the keep-alive of CONNECT, in seconds; 0 turns it off (section 3.1.2.10). */
  set keepAliveSec(seconds: number) {
    this.#silenceMsMax = seconds * 1000 * keepAliveFactor;
  }

  /** Ends a session that has been silent for too long; one that is not read now is not silent. */
  checkKeepAlive(nowMs: number): void {
    if (this.#silenceMsMax === 0 || this.#phase !== 'open') return;
    if (this.#socket.isPaused()) this.#packetAtMs = nowMs;
    else if (nowMs - this.#packetAtMs > this.#silenceMsMax) {
      this.cut('KEEPALIVE_TIMEOUT', `No packet within ${this.#silenceMsMax} ms.`);
    }
  }

  /** Ends a session whose certificate has ended: no handshake looks at it again. `nowUs`: the wall clock. */
  checkCertificate(nowUs: number): void {
    const { countsUntilUs } = this.#options;
    if (countsUntilUs === undefined || nowUs <= countsUntilUs) return;
    this.cut('CERTIFICATE_EXPIRED', `It counted until ${new Date(countsUntilUs / 1000).toISOString()}.`);
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
    this.#lane?.end();
    this.#gathered = undefined;
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
    if (this.#lane?.isFull) return false;
    // A peer that does not read its acknowledgements gets no more of them.
    if (this.#lane && this.writableNeedDrain) {
      this.off('drain', this.#resume);
      this.once('drain', this.#resume);
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
        if (this.#keepApart(chunk.subarray(at, next))) passedTo = next;
        at = next;
        if (this.#bodyBytesLeft === 0 && this.#endPacket()) break;
        continue;
      }
      const taken = this.#takeByLane(chunk, at);
      if (taken !== at) {
        this.#pass(chunk.subarray(passedTo, at));
        if (taken < 0) return at;
        at = passedTo = taken;
        continue;
      }
      const before = at;
      const found = this.#framing.read(chunk, at);
      at = found.next;
      if (found.malformed) return this.#cutMalformed();
      this.#pass(chunk.subarray(passedTo, before));
      if (at > before) this.#heldHead = Buffer.concat([this.#heldHead, chunk.subarray(before, at)]);
      passedTo = at;
      if (found.head && !this.#beginPacket(found.head)) return chunk.length;
      if (found.head && this.#bodyBytesLeft === 0 && this.#endPacket()) break;
    }
    this.#pass(chunk.subarray(passedTo, at));
    return at;
  }

  /**
   * Between two packets: passes those that the lane takes, as far as they are whole. Answers where the next
   * one begins, -1 where it has to wait.
   */
  #takeByLane(chunk: Buffer, at: number): number {
    if (!this.#lane || this.#heldHead.length > 0) return at;
    if (!this.#mayPass()) return -1;
    const next = this.#lane.takeFrom(chunk, at);
    if (next > at) this.#packetAtMs = performance.now();
    return next;
  }

  /** Bytes of a packet that does not pass with the others: it is read past, or gathered for the lane. */
  #keepApart(bytes: Buffer): boolean {
    if (this.#swallowed) this.#swallow(bytes);
    else if (this.#gathered) this.#gathered.add(bytes);
    else return false;
    return true;
  }

  /** Judges a packet by its head; false where the connection was cut. */
  #beginPacket(head: PacketHead): boolean {
    const header = this.#heldHead;
    this.#heldHead = noBytes;
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
    if (this.#lane && BatchLane.accepts(head.first)) {
      this.#gathered = new GatheredPacket(head.sizeBytes);
      this.#gathered.add(header);
    } else {
      this.#pass(header);
    }
    return true;
  }

  /** True where nothing more may pass for now: CONNECT has passed and its answer is awaited. */
  #endPacket(): boolean {
    this.#packetAtMs = performance.now();
    if (this.#phase !== 'connect') {
      const packet = this.#gathered?.bytes;
      this.#gathered = undefined;
      if (packet && !this.#lane?.takePacket(packet)) this.#pass(packet);
      return false;
    }
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
