import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A request as it came to the front. */
export interface FrontRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  /** As it came: compressed or not. */
  readonly bytes: Buffer;
  /** Without its compression. */
  readonly text: string;
}

/** An answer that is given in place of the one of the InfluxDB behind. */
export interface FrontAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * A real HTTP server before a real InfluxDB 1.x, which passes everything on, and answers a write as it is told: with what
 * the one behind cannot be brought to say. It also speaks the write endpoint of 2.x and 3.x (`/api/v2/write`), with the
 * precision `us`, a token and a bucket, in the shape of their answers.
 */
export class InfluxFront {
  readonly requests: FrontRequest[] = [];
  /** One a write, in order; afterwards writes are passed on. */
  readonly answers: FrontAnswer[] = [];
  /**
   * Called with each request before it is passed on, and again when it was answered; true: its sender gets no answer, and before that the one
   * behind does not get it either.
   */
  cuts: ((request: FrontRequest, when: 'before' | 'after') => boolean | Promise<boolean>) | undefined;
  /** The token that is asked for, and the buckets that there are; undefined: 1.x. */
  newer: { readonly token: string; readonly buckets: string[] } | undefined;
  readonly #behind: string;
  readonly #server = createServer((request, response) => {
    void this.#answer(request, response).catch((error: unknown) => {
      response.writeHead(502).end(String(error));
    });
  });

  constructor(behind: string) {
    this.#behind = behind;
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get writes(): FrontRequest[] {
    return this.requests.filter(isOfReadings);
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await read(request);
    this.requests.push(seen);
    const told = isOfReadings(seen) ? this.answers.shift() : undefined;
    if ((await this.cuts?.(seen, 'before')) === true) return void response.destroy();
    const { status, headers = {}, body = '' } = told ?? this.#refusal(seen) ?? (await this.#passOn(seen));
    if ((await this.cuts?.(seen, 'after')) === true) return void response.destroy();
    response.writeHead(status, headers).end(body);
  }

  #refusal({ path, headers, query }: FrontRequest): FrontAnswer | undefined {
    if (!this.newer || path === '/ping') return undefined;
    if (headers.authorization !== `Token ${this.newer.token}`)
      return { status: 401, body: JSON.stringify({ code: 'unauthorized', message: 'unauthorized access' }) };
    const bucket = query['bucket'] ?? query['db'] ?? '';
    if (this.newer.buckets.includes(bucket)) return undefined;
    return {
      status: 404,
      body: JSON.stringify({ code: 'not found', message: `bucket "${bucket}" not found` }),
    };
  }

  async #passOn({ method, path, query, bytes, headers }: FrontRequest): Promise<FrontAnswer> {
    const url = new URL(path === '/api/v2/write' ? '/write' : path, this.#behind);
    const { bucket, org: _org, precision, ...others } = query;
    url.search = new URLSearchParams({
      ...others,
      ...(bucket === undefined ? {} : { db: bucket }),
      ...(precision === undefined ? {} : { precision: precision === 'us' ? 'u' : precision }),
    }).toString();
    const about = ['content-encoding', 'content-type'].map((name) => [name, headers[name]]);
    const answer = await fetch(url, {
      method,
      headers: Object.fromEntries(about.filter(([, value]) => value !== undefined)) as Record<string, string>,
      ...(method === 'POST' ? { body: new Uint8Array(bytes) } : {}),
    });
    const version = answer.headers.get('x-influxdb-version');
    const body = await answer.text();
    return {
      ...this.#inItsShape(answer.status, body),
      headers: version ? { 'x-influxdb-version': version } : {},
    };
  }

  /** 2.x answers 422 for what it stored in part, and says `message` where 1.x says `error`. */
  #inItsShape(status: number, body: string): FrontAnswer {
    if (!this.newer || status !== 400) return { status, body };
    const { error } = JSON.parse(body) as { error: string };
    const answer = { code: 'unprocessable entity', message: `failure writing points to database: ${error}` };
    return { status: 422, body: JSON.stringify(answer) };
  }
}

/** A write that is not of rollups, which have a retention policy of their own. */
function isOfReadings({ path, query }: FrontRequest): boolean {
  return path.endsWith('/write') && query['rp'] === undefined;
}

async function read(request: IncomingMessage): Promise<FrontRequest> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part as Uint8Array));
  const bytes = Buffer.concat(parts);
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://front');
  const { headers, method = '' } = request;
  const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
  return { method, path: pathname, query: Object.fromEntries(searchParams), headers, bytes, text };
}
