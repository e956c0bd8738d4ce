import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { LiveMessage } from '@fieldline/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocketServer, type WebSocket as ServerSocket } from 'ws';
import { backoffMs, longestDelayMs } from './backoff.ts';
import { parseLiveMessage } from './live-message.ts';
import { LiveSocket, type ConnectionState } from './live-socket.ts';

/** The other end of a real socket, which says what it is told to say. */
class Peer {
  readonly server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  readonly requests: unknown[] = [];
  readonly #waiting: ((socket: ServerSocket) => void)[] = [];
  #requestHeard: () => void = () => undefined;

  constructor() {
    this.server.on('connection', (socket) => {
      socket.on('message', (data: Buffer) => {
        this.requests.push(JSON.parse(data.toString()));
        this.#requestHeard();
      });
      this.#waiting.shift()?.(socket);
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  connection(): Promise<ServerSocket> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async requestCount(count: number): Promise<void> {
    while (this.requests.length < count) await new Promise<void>((resolve) => (this.#requestHeard = resolve));
  }

  async close(): Promise<void> {
    for (const client of this.server.clients) client.terminate();
    this.server.close();
    await once(this.server, 'close');
  }
}

const snapshot = { type: 'snapshot', session: 'run-1', seq: 7, nowUs: 1, devices: [], streams: [] };

describe('LiveSocket', () => {
  let peer: Peer;
  let live: LiveSocket;
  let messages: LiveMessage[];
  let states: ConnectionState[];
  let changed: () => void;

  beforeEach(async () => {
    peer = new Peer();
    await once(peer.server, 'listening');
    messages = [];
    states = [];
    changed = () => undefined;
    live = new LiveSocket({
      url: peer.url,
      onMessage: (message) => messages.push(message),
      onState: (state) => {
        states.push(state);
        changed();
      },
      now: () => 1000,
      random: () => 0,
    });
  });

  afterEach(async () => {
    live.close();
    await peer.close();
  });

  /** Opens, and answers the subscription as the gateway does. */
  async function goLive(): Promise<ServerSocket> {
    const connection = peer.connection();
    live.open();
    const socket = await connection;
    await peer.requestCount(1);
    socket.send(JSON.stringify(snapshot));
    await until('live');
    return socket;
  }

  async function until(kind: ConnectionState['kind']): Promise<void> {
    while (states.at(-1)?.kind !== kind) await new Promise<void>((resolve) => (changed = resolve));
  }

  test('subscribes to all, and is live with the snapshot', async () => {
    const connection = peer.connection();
    live.open();
    const socket = await connection;
    await peer.requestCount(1);
    expect(peer.requests).toEqual([{ type: 'subscribe', streams: ['*'] }]);
    expect(states).toEqual([{ kind: 'connecting' }]);
    socket.send(JSON.stringify(snapshot));
    await until('live');
    expect(messages).toEqual([snapshot]);
  });

  test('returns after a loss, with jittered patience, and resumes where it was', async () => {
    const socket = await goLive();
    const second = peer.connection();
    socket.terminate();
    await until('waiting');
    expect(states.at(-1)).toEqual({ kind: 'waiting', retryAtMs: 1250 });
    live.retryNow();
    await second;
    await peer.requestCount(3);
    expect(peer.requests.slice(1)).toEqual([
      { type: 'subscribe', streams: ['*'], resume: { session: 'run-1', seq: 7 } },
      { type: 'subscribe', streams: ['*'] },
    ]);
  });

  test('passes over frames that it does not know', async () => {
    const connection = peer.connection();
    live.open();
    const socket = await connection;
    await peer.requestCount(1);
    for (const frame of ['{', '[]', '{"type":"constructor","seq":1}', '{"type":"later","seq":2}'])
      socket.send(frame);
    socket.send(JSON.stringify(snapshot));
    await until('live');
    expect(messages).toEqual([snapshot]);
  });

  test('a new subscription replaces the old one', async () => {
    await goLive();
    live.subscribe(['rover-1/*/*']);
    await peer.requestCount(2);
    expect(peer.requests[1]).toEqual({ type: 'subscribe', streams: ['rover-1/*/*'] });
  });
});

test('backoff doubles up to its limit, and never waits less than half', () => {
  expect([0, 1, 2, 3].map((attempt) => backoffMs(attempt, 1))).toEqual([500, 1000, 2000, 4000]);
  expect(backoffMs(1000, 1)).toBe(longestDelayMs);
  expect(backoffMs(3, 0)).toBe(2000);
});

test('a live message must hold what its kind promises', () => {
  expect(parseLiveMessage('{"type":"delta","seq":1,"readings":[],"windows":[]}')).toBeUndefined();
  expect(parseLiveMessage('{"type":"lagging","seq":1,"skipped":2}')).toMatchObject({ skipped: 2 });
});
