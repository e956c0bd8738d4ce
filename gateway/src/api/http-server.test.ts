import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { httpServer } from './http-server.ts';

const server = httpServer(undefined, (_request, response) => response.end('here'), {
  requestMs: 15_000,
  idleMs: 60_000,
  connections: 2,
});
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('connections beyond the limit are closed at once, and the ones before are served', async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  };
  const first = await open();
  await open();
  const third = await open();
  await once(third.resume(), 'close');
  first.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect(String(await once(first, 'data'))).toContain('here');
});
