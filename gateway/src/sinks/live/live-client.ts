import type { WebSocket } from 'ws';
import type { StreamPatterns } from './stream-pattern.ts';

/** When a viewer counts as slow, and how long it may stay so. */
export const clientLimits = { bufferedBytes: 1024 * 1024, laggingMs: 10_000 } as const;

/** One viewer: what it wants, and how it keeps up. */
export class LiveClient {
  readonly #socket: WebSocket;
  readonly #nowMs: () => number;
  #skipped = 0;
  #laggingSinceMs: number | undefined;
  patterns: StreamPatterns | undefined;
  /** Answered the last ping. */
  alive = true;

  constructor(socket: WebSocket, nowMs: () => number) {
    this.#socket = socket;
    this.#nowMs = nowMs;
  }

  /**
   * Sends a message of `rows` readings, or leaves it out where the viewer has not taken what it was sent: it is
   * told so at once and again when it has caught up, and cut when it does not catch up in time.
   */
  send(json: string, rows: number, seq: number): 'sent' | 'skipped' | 'cut' {
    if (this.#socket.bufferedAmount > clientLimits.bufferedBytes) return this.#skip(rows, seq);
    if (this.#laggingSinceMs !== undefined) {
      this.#tellLagging(seq);
      this.#laggingSinceMs = undefined;
      this.#skipped = 0;
    }
    this.#socket.send(json);
    return 'sent';
  }

  /** Asks for a sign of life; cuts a viewer that gave none since the last time. */
  ping(): void {
    if (!this.alive) this.#socket.terminate();
    this.alive = false;
    this.#socket.ping();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  #skip(rows: number, seq: number): 'skipped' | 'cut' {
    this.#skipped += rows;
    if (this.#laggingSinceMs === undefined) {
      this.#laggingSinceMs = this.#nowMs();
      this.#tellLagging(seq);
    }
    if (this.#nowMs() - this.#laggingSinceMs < clientLimits.laggingMs) return 'skipped';
    // A closing handshake would wait behind what it does not read.
    this.#socket.terminate();
    return 'cut';
  }

  #tellLagging(seq: number): void {
    this.#socket.send(JSON.stringify({ type: 'lagging', seq, skipped: this.#skipped }));
  }
}
