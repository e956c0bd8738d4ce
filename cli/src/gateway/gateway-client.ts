import { readFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { defaultHome } from './default-home.ts';
import { errorRegistry, FieldlineError, Problem, type ErrorCode } from '@fieldline/protocol';
import type { TSchema, Static } from 'typebox';
import { Value } from 'typebox/value';
import { text } from '../command/option.ts';

/** Options of every command that talks to a gateway. */
export const gatewayOptions = {
  gateway: text({
    brief: 'Address of the gateway',
    placeholder: 'URL',
    fallback: 'http://127.0.0.1:8080',
    isSetting: true,
  }),
  token: text({
    brief: 'Token of `token create`; else $FIELDLINE_HOME/admin.token',
    placeholder: 'TOKEN',
    isSetting: true,
  }),
  home: text({ brief: 'Home of the gateway, for its token', placeholder: 'DIR', isSetting: true }),
};

const REQUEST_TIMEOUT_MS = 30_000;

/** Asks a gateway's HTTP API. Every method throws CLI_GATEWAY_UNREACHABLE or CLI_GATEWAY_REFUSED. */
export class GatewayClient {
  readonly #base: URL;
  readonly #token: string | undefined;

  constructor(options: { gateway: string; token?: string | undefined; home?: string | undefined }) {
    this.#base = baseUrl(options.gateway);
    this.#token = options.token ?? tokenOfHome(options.home ?? defaultHome(process.env));
  }

  /** The address of a socket on the same gateway. */
  socketUrl(path: string): string {
    const url = new URL(path, this.#base);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return url.href;
  }

  /** Headers that say who asks, for a socket on the same gateway. */
  get headers(): Readonly<Record<string, string>> {
    return this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
  }

  async get<Schema extends TSchema>(path: string, schema: Schema): Promise<Static<Schema>> {
    return this.#ask('GET', path, schema);
  }

  async post<Schema extends TSchema>(path: string, schema: Schema, body?: unknown): Promise<Static<Schema>> {
    return this.#ask('POST', path, schema, body);
  }

  async put<Schema extends TSchema>(path: string, schema: Schema, body: unknown): Promise<Static<Schema>> {
    return this.#ask('PUT', path, schema, body);
  }

  async delete<Schema extends TSchema>(path: string, schema: Schema): Promise<Static<Schema>> {
    return this.#ask('DELETE', path, schema);
  }

  /** An answer that is streamed, with what comes behind it. The caller reads it to its end or destroys it. */
  async open(path: string): Promise<IncomingMessage> {
    const url = new URL(path, this.#base);
    // `fetch` does not show trailers.
    const send = url.protocol === 'https:' ? requestTls : request;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = send(url, { headers: this.headers }, resolve).on('error', (cause) =>
      reject(
        new FieldlineError('CLI_GATEWAY_UNREACHABLE', {
          subject: this.#base.href,
          detail: `${cause.message}.`,
          cause,
        }),
      ),
    );
    sent.setTimeout(REQUEST_TIMEOUT_MS, () => sent.destroy(new Error('It has been silent for too long')));
    sent.end();
    const response = await promise;
    if (response.statusCode === 200) return response;
    const document: unknown = await json(response).catch(() => undefined);
    throw refusal(response.statusCode ?? 0, document, `GET ${path.replace(/\?.*/, '')}`);
  }

  /** The bytes of a file. */
  async download(path: string): Promise<Uint8Array> {
    const response = await this.#send('GET', path, undefined);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    const document: unknown = await response.json().catch(() => undefined);
    throw refusal(response.status, document, `GET ${path}`);
  }

  async #ask<Schema extends TSchema>(
    method: string,
    path: string,
    schema: Schema,
    body?: unknown,
  ): Promise<Static<Schema>> {
    const response = await this.#send(method, path, body);
    const document: unknown = await response.json().catch(() => undefined);
    if (!response.ok) throw refusal(response.status, document, `${method} ${path.replace(/\?.*/, '')}`);
    if (Value.Check(schema, document)) return document;
    throw new FieldlineError('CLI_GATEWAY_REFUSED', {
      subject: `${method} ${path}`,
      detail: 'The answer does not have the shape of this version; is it another version of the gateway?',
    });
  }

  async #send(method: string, path: string, body: unknown): Promise<Response> {
    try {
      return await fetch(new URL(path, this.#base), {
        method,
        headers: {
          ...this.headers,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
    } catch (cause) {
      const detail = networkReason(cause);
      throw new FieldlineError('CLI_GATEWAY_UNREACHABLE', { subject: this.#base.href, detail, cause });
    }
  }
}

function baseUrl(gateway: string): URL {
  const url = URL.parse(gateway);
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new FieldlineError('CLI_USAGE', {
    subject: `--gateway ${gateway}`,
    detail: 'It is an address such as http://127.0.0.1:8080.',
  });
}

function tokenOfHome(home: string): string | undefined {
  try {
    return readFileSync(join(home, 'admin.token'), 'utf8').trim();
  } catch {
    // Reading needs no token on the gateway's own machine; what needs one says so.
    return undefined;
  }
}

/** `fetch failed` alone helps nobody: the reason stands in the cause. */
function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if (error.name === 'TimeoutError') return `No answer within ${REQUEST_TIMEOUT_MS / 1000} s.`;
  return error.cause instanceof Error && error.cause.message ? `${error.cause.message}.` : '';
}

/** The gateway's own error where it names one that this version knows: one message, with one remedy. */
function refusal(status: number, document: unknown, request: string): FieldlineError {
  const problem = Value.Check(Problem, document) ? document : undefined;
  if (problem && isErrorCode(problem.code)) {
    const { code, detail } = problem;
    // Of a malformed request the detail is a sentence; of everything else it is the name of the thing.
    if (code === 'API_BAD_REQUEST')
      return new FieldlineError(code, { subject: request, detail: `${detail}.` });
    return new FieldlineError(code, { subject: detail || request });
  }
  const said = problem ? `: ${problem.title} ${problem.detail} [${problem.code}]` : '.';
  return new FieldlineError('CLI_GATEWAY_REFUSED', {
    subject: request,
    detail: `It answered ${status}${said}`,
  });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorRegistry, code);
}
