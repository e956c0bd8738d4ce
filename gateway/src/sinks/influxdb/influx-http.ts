import { Buffer } from 'node:buffer';
import type { SinkFailure } from '../sink.ts';
import type { InfluxAddress } from './influx-address.ts';
import { classifyReply, type WriteReply } from './write-reply.ts';

/** A server that takes longer counts as not answering. */
const requestTimeoutMs = 20_000;

/** Writes lines over HTTP; knows nothing of retries. */
export class InfluxHttp {
  readonly #address: InfluxAddress;
  readonly #headers: Record<string, string>;

  constructor(address: InfluxAddress) {
    this.#address = address;
    const { username, password = '' } = address;
    const credentials = Buffer.from(`${username}:${password}`).toString('base64');
    this.#headers = username === undefined ? {} : { authorization: `Basic ${credentials}` };
  }

  /** The URL, for people. */
  get subject(): string {
    return this.#address.url;
  }

  /** Undefined where InfluxDB 1.x answers at the URL; what is wrong otherwise. */
  async ping(): Promise<SinkFailure | undefined> {
    try {
      const response = await fetch(this.#endpoint('ping'), this.#request('GET'));
      await response.arrayBuffer();
      if (response.headers.has('x-influxdb-version')) return undefined;
      const detail = `GET /ping answered HTTP ${response.status} without X-Influxdb-Version.`;
      return { code: 'INFLUX_NOT_INFLUX', subject: this.subject, detail };
    } catch (error) {
      return this.#unreachable(error);
    }
  }

  /** Writes lines with times in microseconds. Never rejects. */
  async write(lines: readonly string[]): Promise<WriteReply> {
    try {
      const url = this.#endpoint('write');
      url.searchParams.set('db', this.#address.database);
      url.searchParams.set('precision', 'u');
      const response = await fetch(url, { ...this.#request('POST'), body: lines.join('\n') });
      return classifyReply(response.status, await response.text(), this.subject);
    } catch (error) {
      return { kind: 'retryable', failure: this.#unreachable(error) };
    }
  }

  #endpoint(name: string): URL {
    const base = this.#address.url.endsWith('/') ? this.#address.url : `${this.#address.url}/`;
    return new URL(name, base);
  }

  #request(method: 'GET' | 'POST'): RequestInit {
    return {
      method,
      headers: this.#headers,
      signal: AbortSignal.timeout(requestTimeoutMs),
      redirect: 'manual',
    };
  }

  #unreachable(error: unknown): SinkFailure {
    return { code: 'INFLUX_UNREACHABLE', subject: this.subject, detail: describeNetworkError(error) };
  }
}

/** `fetch failed` alone helps nobody: the reason stands in the cause. */
function describeNetworkError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `No answer within ${requestTimeoutMs} ms.`;
  return error.cause instanceof Error ? error.cause.message : error.message;
}
