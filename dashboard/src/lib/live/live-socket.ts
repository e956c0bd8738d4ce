import type { LiveMessage, LiveRequest } from '@fieldline/protocol';
import { liveBinaryProtocol } from '@fieldline/protocol/live';
import { backoffMs } from './backoff.ts';
import { LiveDecoder } from './live-decoder.ts';

/** How things stand with the gateway: always on the screen. */
export type ConnectionState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Open, but silent for longer than it may be; a question is under way. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'waiting'; readonly retryAtMs: number };

/** Silence after which the gateway is asked whether it is still there, in ms. */
export const silenceMs = 20_000;

/** How long it may take to answer, in ms. */
export const answerMs = 5_000;

/** What a live socket needs and whom it tells. */
export interface LiveSocketOptions {
  readonly url: string;
  readonly onMessage: (message: LiveMessage) => void;
  readonly onState: (state: ConnectionState) => void;
  /** Milliseconds; `Date.now` unless told otherwise. */
  readonly now?: () => number;
  /** In [0, 1); `Math.random` unless told otherwise. */
  readonly random?: () => number;
}

/**
 * The dashboard's one socket to the gateway. It reconnects for ever with jittered backoff, resumes where it
 * was, and finds out by itself that a socket is dead though nobody closed it.
 */
export class LiveSocket {
  readonly #options: LiveSocketOptions;
  readonly #decoder = new LiveDecoder();
  #socket: WebSocket | undefined;
  #streams: string[] = ['*'];
  #session: string | undefined;
  #seq = 0;
  #attempt = 0;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LiveSocketOptions) {
    this.#options = options;
  }

  /** Opens the socket. Call once. */
  open(): void {
    this.#connect();
  }

  /** Replaces the subscription; `streams` as in `LiveRequest`. The gateway answers with a snapshot. */
  subscribe(streams: string[]): void {
    this.#streams = streams;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#send({ type: 'subscribe', streams });
  }

  /** Does not wait for the end of the pause. */
  retryNow(): void {
    if (this.#socket || this.#closed) return;
    this.#connect();
  }

  /** Closes the socket for good. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  #connect(): void {
    clearTimeout(this.#timer);
    this.#options.onState({ kind: 'connecting' });
    const socket = new WebSocket(this.#options.url, [liveBinaryProtocol]);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lose(socket), silenceMs);
    socket.addEventListener('open', () => this.#ask());
    socket.addEventListener('message', (event) => this.#receive(socket, event.data));
    socket.addEventListener('close', () => this.#lose(socket));
  }

  #ask(): void {
    const streams = this.#streams;
    if (this.#session !== undefined) {
      this.#send({ type: 'subscribe', streams, resume: { session: this.#session, seq: this.#seq } });
    }
    // Who resumes and missed nothing gets no answer; a plain subscription is always answered by a snapshot.
    this.#send({ type: 'subscribe', streams });
    this.#expectWithin(answerMs);
  }

  #receive(socket: WebSocket, data: unknown): void {
    if (socket !== this.#socket) return;
    const message = this.#decoder.decode(data);
    if (!message) return;
    if (message.type === 'snapshot') this.#session = message.session;
    this.#seq = message.seq;
    this.#attempt = 0;
    this.#options.onState({ kind: 'live' });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#probe(), silenceMs);
    this.#options.onMessage(message);
  }

  /** Silence may be health: a new subscription must be answered, so it tells the two apart. */
  #probe(): void {
    this.#options.onState({ kind: 'stale' });
    this.#send({ type: 'subscribe', streams: this.#streams });
    this.#expectWithin(answerMs);
  }

  #expectWithin(limitMs: number): void {
    const socket = this.#socket;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => socket && this.#lose(socket), limitMs);
  }

  #lose(socket: WebSocket): void {
    if (socket !== this.#socket || this.#closed) return;
    this.#drop();
    const now = (this.#options.now ?? Date.now)();
    const delayMs = backoffMs(this.#attempt, (this.#options.random ?? Math.random)());
    this.#attempt += 1;
    this.#options.onState({ kind: 'waiting', retryAtMs: now + delayMs });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), delayMs);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #send(request: LiveRequest): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request));
  }
}
