import { connect, type Socket } from 'node:net';
import { connectPacket } from './wire-messages.ts';

/** Bytes of CONNACK and PUBACK (MQTT 3.1.1, sections 3.2 and 3.4). */
const answerBytes = 4;

/** What one connection of the load sends. */
export interface ConnectionPlan {
  readonly port: number;
  readonly clientId: string;
  readonly password: string | undefined;
  /** All messages, one after another, made before the clock starts. */
  readonly bytes: Buffer;
  /** Where message `index` ends in `bytes`. */
  readonly ends: Float64Array;
  readonly onAcknowledged: (index: number) => void;
  readonly onClosed: () => void;
}

/**
 * One publishing connection, on bytes alone: messages go out in runs of one write, and of the answers only
 * their number is looked at, since each of them is four bytes and comes in the order of the messages.
 */
export class LoadConnection {
  readonly #plan: ConnectionPlan;
  readonly #socket: Socket;
  #answered = 0;
  #answerBytes = 0;
  sent = 0;
  acknowledged = 0;

  private constructor(plan: ConnectionPlan, socket: Socket) {
    this.#plan = plan;
    this.#socket = socket;
  }

  /** Resolves when CONNACK has come; rejects when the connection is refused or ends. */
  static open(plan: ConnectionPlan): Promise<LoadConnection> {
    const socket = connect({ port: plan.port, host: '127.0.0.1', noDelay: true });
    const connection = new LoadConnection(plan, socket);
    const { clientId, password } = plan;
    socket.write(connectPacket({ clientId, ...(password === undefined ? {} : { password }) }));
    return new Promise((resolve, reject) => {
      socket.once('data', (connack: Buffer) => {
        if (connack[3] !== 0) return reject(new Error(`CONNACK ${connack.toString('hex')}`));
        socket.on('data', (chunk: Buffer) => connection.#answers(chunk.length));
        resolve(connection);
      });
      socket.on('error', reject);
      socket.on('close', () => {
        reject(new Error('closed before CONNACK'));
        plan.onClosed();
      });
    });
  }

  get total(): number {
    return this.#plan.ends.length;
  }

  /** Sends messages up to number `upTo`, exclusive, in one write. */
  send(upTo: number): void {
    const { bytes, ends } = this.#plan;
    const from = this.sent === 0 ? 0 : ends[this.sent - 1];
    this.#socket.write(bytes.subarray(from, ends[upTo - 1]));
    this.sent = upTo;
  }

  end(): void {
    this.#socket.destroy();
  }

  #answers(sizeBytes: number): void {
    this.#answerBytes += sizeBytes;
    const answered = Math.floor(this.#answerBytes / answerBytes);
    this.acknowledged = answered;
    while (this.#answered < answered) this.#plan.onAcknowledged(this.#answered++);
  }
}
