import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { HttpExchange, NoAnswerInTime } from './http-exchange.ts';

describe('an exchange over kept connections', () => {
  const ends: (() => void)[] = [];
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  async function serve(listener: RequestListener): Promise<{ server: Server; url: URL }> {
    const server = createServer(listener);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(() => {
      server.close();
      server.closeAllConnections();
    });
    return { server, url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/write`) };
  }

  function exchange(timeoutMs = 20_000): HttpExchange {
    const made = new HttpExchange(timeoutMs);
    ends.push(() => made.close());
    return made;
  }

  const post = (url: URL) => ({ method: 'POST', url, headers: {}, body: Buffer.from('a b=1 1\n') }) as const;

  test('asks once more where the server closed the connection that it was about to use again', async () => {
    const sockets = new Set<Socket>();
    const bodies: string[] = [];
    const { url } = await serve(async (request, response) => {
      // The second request of a connection meets its end.
      if (sockets.has(request.socket)) return request.socket.destroy();
      sockets.add(request.socket);
      let body = '';
      for await (const part of request) body += String(part);
      bodies.push(body);
      return response.writeHead(204).end();
    });
    const asked = exchange();
    expect(await asked.ask(post(url))).toMatchObject({ status: 204 });
    expect(await asked.ask(post(url))).toMatchObject({ status: 204 });
    expect(sockets.size).toBe(2);
    expect(bodies).toEqual(['a b=1 1\n', 'a b=1 1\n']);
  });

  test('rejects where a connection of its own is closed', async () => {
    const { url } = await serve((request) => request.socket.destroy());
    await expect(exchange().ask(post(url))).rejects.toThrow('socket hang up');
  });

  test('gives a server up that begins an answer and does not end it', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(500).write('thinking');
    });
    await expect(exchange(50).ask(post(url))).rejects.toThrow(NoAnswerInTime);
  });

  test('follows no redirection', async () => {
    const { url } = await serve((_request, response) =>
      response.writeHead(302, { location: '/other' }).end('there'),
    );
    expect(await exchange().ask(post(url))).toMatchObject({ status: 302, text: 'there' });
  });
});
