import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { messagePayload, textFrame, websocketFrame } from './websocket-frame.ts';

const server = createServer();
const sockets = new WebSocketServer({ noServer: true });
let stream: Duplex;
let client: WebSocket;

beforeEach(async () => {
  server.once('upgrade', (request, socket, head) => {
    stream = socket;
    sockets.handleUpgrade(request, socket, head, () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await once(client, 'open');
});

afterEach(async () => {
  client.terminate();
  server.close();
  await once(server, 'close');
});

test('messages of all lengths of a length are read by a client, and by us', async () => {
  for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 100_000]) {
    const payload = Buffer.from(Uint8Array.from({ length }, (_, index) => index % 251));
    const frame = websocketFrame('binary', payload);
    expect(Buffer.compare(messagePayload(frame), payload)).toBe(0);
    const read = once(client, 'message');
    stream.write(frame);
    const [data, isBinary] = (await read) as [Buffer, boolean];
    expect([Buffer.compare(data, payload), isBinary]).toEqual([0, true]);
  }
});

test('a text is one to the client', async () => {
  const read = once(client, 'message');
  stream.write(textFrame('{"unit":"µT"}'));
  const [data, isBinary] = (await read) as [Buffer, boolean];
  expect([data.toString(), isBinary]).toEqual(['{"unit":"µT"}', false]);
});
