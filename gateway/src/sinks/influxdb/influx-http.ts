import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { SinkFailure } from '../sink.ts';
import { authorization, compresses, type InfluxAddress } from './influx-address.ts';
import { retryAfterMs } from './retry-after.ts';
import { classifyReply, type WriteReply } from './write-reply.ts';

/** A server that takes longer counts as not answering. */
export const requestTimeoutMs = 20_000;

/** A shorter body is sent as it is. */
const gzipFromChars = 1024;

const compress = promisify(gzip);

/** Line protocol shrinks to a ninth at the fastest level (1 ms for 5000 lines), to a tenth at the usual one in three. */
const fast = { level: constants.Z_BEST_SPEED };

/** Writes lines over HTTP, to the endpoint of 1.x or of 2.x and 3.x; knows nothing of retries. */
export class InfluxHttp {
  readonly #address: InfluxAddress;
  readonly #headers: Record<string, string>;
  readonly #timeoutMs: number;
  readonly #compresses: boolean;

  /** `timeoutMs`: how long an answer may take. */
  constructor(address: InfluxAddress, timeoutMs: number = requestTimeoutMs) {
    this.#address = address;
    const identity = authorization(address);
    this.#headers = identity === undefined ? {} : { authorization: identity };
    this.#timeoutMs = timeoutMs;
    this.#compresses = compresses(address);
  }

  /** The URL, for people. */
  get subject(): string {
    return this.#address.url;
  }

  /** Undefined where InfluxDB answers at the URL; what is wrong otherwise. */
  async ping(): Promise<SinkFailure | undefined> {
    try {
      const response = await fetch(this.#endpoint('ping'), this.#request('GET'));
      await response.arrayBuffer();
      if (response.headers.has('x-influxdb-version')) return undefined;
      const { status } = response;
      const isRefused = this.#address.token !== undefined && (status === 401 || status === 403);
      const code = isRefused ? 'INFLUX_UNAUTHORIZED' : 'INFLUX_NOT_INFLUX';
      const detail = `GET /ping answered HTTP ${status} without X-Influxdb-Version.`;
      return { code, subject: this.subject, detail };
    } catch (error) {
      return this.#unreachable(error);
    }
  }

  /** Writes lines with times in microseconds, under a retention policy or under the default one. Never rejects. */
  async write(lines: readonly string[], policy?: string): Promise<WriteReply> {
    try {
      const url = this.#writeUrl();
      if (policy !== undefined) url.searchParams.set('rp', policy);
      const response = await fetch(url, await this.#post(lines.join('\n')));
      const retryAfter = retryAfterMs(response.headers.get('retry-after'), Date.now());
      const reply = { status: response.status, body: await response.text(), retryAfterMs: retryAfter };
      return classifyReply(reply, this.subject);
    } catch (error) {
      return { kind: 'retryable', failure: this.#unreachable(error) };
    }
  }

  #writeUrl(): URL {
    const { token, database, organization } = this.#address;
    const url = this.#endpoint(token === undefined ? 'write' : 'api/v2/write');
    const query =
      token === undefined
        ? { db: database, precision: 'u' }
        : { bucket: database, precision: 'us', ...(organization === undefined ? {} : { org: organization }) };
    url.search = new URLSearchParams(query).toString();
    return url;
  }

  async #post(body: string): Promise<RequestInit> {
    const request = this.#request('POST');
    if (!this.#compresses || body.length < gzipFromChars) return { ...request, body };
    const headers = { ...this.#headers, 'content-encoding': 'gzip' };
    return { ...request, headers, body: await compress(body, fast) };
  }

  #endpoint(name: string): URL {
    const base = this.#address.url.endsWith('/') ? this.#address.url : `${this.#address.url}/`;
    return new URL(name, base);
  }

  #request(method: 'GET' | 'POST'): RequestInit {
    return {
      method,
      headers: this.#headers,
      signal: AbortSignal.timeout(this.#timeoutMs),
      redirect: 'manual',
    };
  }

  #unreachable(error: unknown): SinkFailure {
    const detail = describeNetworkError(error, this.#timeoutMs);
    return { code: 'INFLUX_UNREACHABLE', subject: this.subject, detail };
  }
}

/** `fetch failed` alone helps nobody: the reason stands in the cause. */
function describeNetworkError(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `No answer within ${timeoutMs} ms.`;
  return error.cause instanceof Error ? error.cause.message : error.message;
}
