import type { Buffer } from 'node:buffer';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { SinkFailure } from '../sink.ts';
import { HttpExchange, NoAnswerInTime, type HttpQuestion } from './http-exchange.ts';
import { authorization, compresses, type InfluxAddress } from './influx-address.ts';
import { retryAfterMs } from './retry-after.ts';
import { classifyReply, type WriteReply } from './write-reply.ts';

/** A server that takes longer counts as not answering. */
export const requestTimeoutMs = 20_000;

/** A shorter body is sent as it is. */
const gzipFromBytes = 1024;

const compress = promisify(gzip);

/** Line protocol shrinks to a ninth at the fastest level (1 ms for 5000 lines), to a tenth at the usual one in three. */
const fast = { level: constants.Z_BEST_SPEED };

/** Writes lines over HTTP, to the endpoint of 1.x or of 2.x and 3.x; knows nothing of retries. */
export class InfluxHttp {
  readonly #address: InfluxAddress;
  readonly #headers: Record<string, string>;
  readonly #timeoutMs: number;
  readonly #exchange: HttpExchange;
  readonly #writeUrl: URL;
  readonly #compresses: boolean;

  /** `timeoutMs`: how long an answer may take. */
  constructor(address: InfluxAddress, timeoutMs: number = requestTimeoutMs) {
    this.#address = address;
    const identity = authorization(address);
    this.#headers = identity === undefined ? {} : { authorization: identity };
    this.#timeoutMs = timeoutMs;
    this.#exchange = new HttpExchange(timeoutMs);
    this.#writeUrl = writeUrlOf(address);
    this.#compresses = compresses(address);
  }

  /** The URL, for people. */
  get subject(): string {
    return this.#address.url;
  }

  /** Undefined where InfluxDB answers at the URL; what is wrong otherwise. */
  async ping(): Promise<SinkFailure | undefined> {
    try {
      const url = endpoint(this.#address, 'ping');
      const { status, headers } = await this.#exchange.ask({ method: 'GET', url, headers: this.#headers });
      if (headers['x-influxdb-version'] !== undefined) return undefined;
      const isRefused = this.#address.token !== undefined && (status === 401 || status === 403);
      const code = isRefused ? 'INFLUX_UNAUTHORIZED' : 'INFLUX_NOT_INFLUX';
      const detail = `GET /ping answered HTTP ${status} without X-Influxdb-Version.`;
      return { code, subject: this.subject, detail };
    } catch (error) {
      return this.#unreachable(error);
    }
  }

  /**
   * Writes lines with times in microseconds, each ended by a line break, under a retention policy or under the default one. Never
   * rejects. `lines` must not change until then.
   */
  async write(lines: Buffer, policy?: string): Promise<WriteReply> {
    try {
      const { status, headers, text } = await this.#exchange.ask(await this.#question(lines, policy));
      const retryAfter = retryAfterMs(headers['retry-after'] ?? null, Date.now());
      return classifyReply({ status, body: text, retryAfterMs: retryAfter }, this.subject);
    } catch (error) {
      return { kind: 'retryable', failure: this.#unreachable(error) };
    }
  }

  /** Closes the connections that are kept. */
  close(): void {
    this.#exchange.close();
  }

  async #question(lines: Buffer, policy: string | undefined): Promise<HttpQuestion> {
    const url = policy === undefined ? this.#writeUrl : new URL(this.#writeUrl);
    if (policy !== undefined) url.searchParams.set('rp', policy);
    const request = { method: 'POST', url, headers: this.#headers } as const;
    if (!this.#compresses || lines.length < gzipFromBytes) return { ...request, body: lines };
    const headers = { ...this.#headers, 'content-encoding': 'gzip' };
    return { ...request, headers, body: await compress(lines, fast) };
  }

  #unreachable(error: unknown): SinkFailure {
    const detail = describeNetworkError(error, this.#timeoutMs);
    return { code: 'INFLUX_UNREACHABLE', subject: this.subject, detail };
  }
}

/** The endpoint of 1.x, or of 2.x and 3.x, with the database. */
function writeUrlOf(address: InfluxAddress): URL {
  const { token, database, organization } = address;
  const url = endpoint(address, token === undefined ? 'write' : 'api/v2/write');
  const query =
    token === undefined
      ? { db: database, precision: 'u' }
      : { bucket: database, precision: 'us', ...(organization === undefined ? {} : { org: organization }) };
  url.search = new URLSearchParams(query).toString();
  return url;
}

function endpoint({ url }: InfluxAddress, name: string): URL {
  return new URL(name, url.endsWith('/') ? url : `${url}/`);
}

/** Where a name has several addresses, what they say is one error without a message. */
function describeNetworkError(error: unknown, timeoutMs: number): string {
  if (error instanceof NoAnswerInTime) return `No answer within ${timeoutMs} ms.`;
  if (!(error instanceof Error)) return String(error);
  return error.message === '' && 'code' in error ? String(error.code) : error.message;
}
