/**
 * Many quiet connections in a process of their own: each sends CONNECT, waits for CONNACK, and stays. Told
 * `reconnect`, all of them end at once and come back as devices do: at once, and after a refusal with a pause
 * that doubles, with jitter.
 */
import { connect, type Socket } from 'node:net';
import { connectPacket } from './wire-messages.ts';
import type { LoadClient } from './load-orders.ts';

/** Connections that are opened at the same time at first. */
const openingMax = 200;
const firstPauseMs = 250;
const pauseMsMax = 4000;

/** What the benchmark says to the process. */
export type IdleOrder =
  | { readonly type: 'open'; readonly port: number; readonly clients: readonly LoadClient[] }
  | { readonly type: 'reconnect' };

let port = 0;
let clients: readonly LoadClient[] = [];
let sockets: Socket[] = [];

process.on('message', (order: IdleOrder) => {
  if (order.type === 'open') void open(order.port, order.clients);
  else void reconnect();
});

async function open(toPort: number, all: readonly LoadClient[]): Promise<void> {
  port = toPort;
  clients = all;
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let client = clients[next++]; client; client = clients[next++]) sockets.push(await untilIn(client));
  };
  await Promise.all(Array.from({ length: openingMax }, lane));
  process.send?.('open');
}

async function reconnect(): Promise<void> {
  for (const socket of sockets) socket.destroy();
  sockets = await Promise.all(clients.map((client) => untilIn(client)));
  process.send?.('open');
}

async function untilIn(client: LoadClient): Promise<Socket> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMsMax, 2 * pauseMs)) {
    const socket = await attempt(client);
    if (socket) return socket;
    await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random())));
  }
}

function attempt({ device, password }: LoadClient): Promise<Socket | undefined> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write(connectPacket({ clientId: device, ...(password === undefined ? {} : { password }) }));
  return new Promise((resolve) => {
    socket.once('data', (connack: Buffer) => {
      if (connack[3] === 0) resolve(socket);
      else socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(undefined));
  });
}
