import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askOnce, driverCases, outcomeOf, runDriver } from '../../testing/driver-cases.ts';
import { toTimeUs } from './document-time.ts';
import { http } from './http.ts';

let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/now?key=secret`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const fields = { t: { unit: 'Cel' } };

describe('a service that answers', () => {
  it.each(driverCases(import.meta.url))('$name', async ({ directory, settings, expected }) => {
    answer = (_, response) => response.end(readFileSync(join(directory, 'answer.txt')));
    expect(await askOnce(runDriver(http, { ...settings, url }))).toEqual(expected);
  });

  it('with the same time is not taken twice; without a time it is', async () => {
    answer = (_, response) => response.end('{"t": 20, "at": 1767139200}');
    const timed = runDriver(http, { url, fields, time: { path: 'at', format: 's' } });
    const untimed = runDriver(http, { url, fields });
    for (const host of [timed, untimed]) for (let ask = 0; ask < 3; ask++) await host.ask();
    expect([timed.rows.length, untimed.rows.length]).toEqual([1, 3]);
    answer = (_, response) => response.end('{"t": 21, "at": 1767139260}');
    await timed.ask();
    expect(outcomeOf(timed).rows).toEqual([{ t: 20 }, { t: 21 }]);
  });

  it('with an ETag is asked whether it has changed', async () => {
    const asked: (string | undefined)[] = [];
    answer = (request, response) => {
      asked.push(request.headers['if-none-match']);
      if (asked.at(-1) === '"a"') response.writeHead(304).end();
      else response.setHeader('etag', '"a"').end('{"t": 20}');
    };
    const host = runDriver(http, { url, fields });
    for (let ask = 0; ask < 3; ask++) await host.ask();
    expect(asked).toEqual([undefined, '"a"', '"a"']);
    expect(host.rows).toHaveLength(1);
  });

  it('with an ETag, but with nothing that can be used, is asked for all of it again', async () => {
    const asked: (string | undefined)[] = [];
    answer = (request, response) => {
      asked.push(request.headers['if-none-match']);
      response.setHeader('etag', '"a"').end('{"x": 20}');
    };
    const host = runDriver(http, { url, fields });
    await askOnce(host);
    await askOnce(host);
    expect(asked).toEqual([undefined, undefined]);
  });

  it('gets headers and the word from the file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fieldline-http-'));
    const authorizationFile = join(folder, 'token');
    writeFileSync(authorizationFile, 'Bearer abc\n');
    const seen: unknown[] = [];
    answer = ({ headers }, response) => {
      seen.push(headers.authorization, headers['user-agent']);
      response.end('{"t": 20}');
    };
    await runDriver(http, { url, fields, authorizationFile, headers: { 'user-agent': 'me' } }).ask();
    rmSync(folder, { recursive: true });
    expect(seen).toEqual(['Bearer abc', 'me']);
  });
});

describe('a service that does not answer as it should', () => {
  const failure = { code: 'SOURCE_HTTP_FAILED' };

  it('fails by name, and its key is in no message', async () => {
    answer = (_, response) => response.writeHead(503).end('busy');
    const error: unknown = await runDriver(http, { url, fields })
      .ask()
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject(failure);
    expect(String(error)).toContain('503');
    expect(String(error)).not.toContain('secret');
  });

  it('is broken off at the size limit, although it never ends', async () => {
    answer = (_, response) => {
      const write = (): void => {
        while (response.write('x'.repeat(1000)));
      };
      response.on('drain', write);
      write();
    };
    const host = runDriver(http, { url, fields, maxBytes: '10KB' });
    await expect(host.ask()).rejects.toThrow(/longer than 10000 bytes/);
  });

  it('is given up when the signal aborts', async () => {
    const abort = new AbortController();
    answer = () => abort.abort();
    await expect(runDriver(http, { url, fields }).ask(abort.signal)).rejects.toMatchObject(failure);
  });

  it('is not there', async () => {
    await new Promise((resolve) => server.close(resolve));
    await expect(runDriver(http, { url, fields }).ask()).rejects.toThrow(/ECONNREFUSED/);
  });
});

it.each([
  ['2026-01-01T00:00', 'iso', 1767225600e6],
  ['2026-01-01 00:00:00,5', 'iso', 1767225600.5e6],
  ['2026-01-01T01:00:00+01:00', 'iso', 1767225600e6],
  [1767225600, 's', 1767225600e6],
  ['1767225600000', 'ms', 1767225600e6],
  [1767225600e6, 'us', 1767225600e6],
  ['yesterday', 'iso', undefined],
  ['', 's', undefined],
  [null, 's', undefined],
  [1767225600, 'iso', undefined],
] as const)('%j as %s is %s µs', (value, format, us) => expect(toTimeUs(value, format)).toBe(us));

it.each([
  [{ url: 'ftp://x' }, 'pattern'],
  [{ url: 'http://' }, 'url'],
  [{ url: 'http://me:secret@x/' }, 'authorizationFile'],
  [{ url: 'http://x', maxBytes: '1GB' }, 'maxBytes'],
  [{ url: 'http://x', interval: '10ms' }, 'interval'],
  [{ url: 'http://x', authorizationFile: 'token' }, 'pattern'],
])('settings %j are refused', (settings, reason) => {
  const bound = http.bind({ fields, ...settings });
  expect(bound.ok ? 'accepted' : bound.refusal.detail).toContain(reason);
});
