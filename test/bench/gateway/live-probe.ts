import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { GatewayProcess } from './gateway-process.ts';

interface Delta {
  readonly type: string;
  readonly readings?: readonly { readonly v: readonly (number | null)[] }[];
}

/** A viewer of one device, who notes when each value was first shown. */
export class LiveProbe {
  readonly seen: { value: number; atMs: number }[] = [];
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#take(data));
  }

  static async open(gateway: GatewayProcess, device: string): Promise<LiveProbe> {
    const url = `${gateway.httpUrl.replace(/^http/, 'ws')}/api/v1/live`;
    const socket = new WebSocket(url, { headers: gateway.authorization() });
    await once(socket, 'open');
    const probe = new LiveProbe(socket);
    const snapshot = once(socket, 'message');
    socket.send(JSON.stringify({ type: 'subscribe', streams: [`${device}/*/*`] }));
    await snapshot;
    return probe;
  }

  close(): void {
    this.#socket.terminate();
  }

  #take(data: Buffer): void {
    const atMs = performance.timeOrigin + performance.now();
    const message = JSON.parse(data.toString()) as Delta;
    for (const { v } of message.readings ?? []) {
      const value = v.at(-1);
      if (typeof value === 'number') this.seen.push({ value, atMs });
    }
  }
}
