import type { Buffer } from 'node:buffer';
import * as plain from 'node:http';
import * as secure from 'node:https';

/** Of an answer that is longer, the rest is not kept: nothing that is asked here has a long one. */
const answerBytesMax = 64 * 1024;

/** A connection without use is closed before servers close theirs, which would meet the next request half-way. */
const idleMs = 4000;

/** One request. */
export interface HttpQuestion {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Must not change until the answer is there. */
  readonly body?: Uint8Array;
}

/** Its answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: plain.IncomingHttpHeaders;
  readonly text: string;
}

/** The server took longer than it may. */
export class NoAnswerInTime extends Error {
  override readonly name = 'NoAnswerInTime';
}

/**
 * Asks one server over connections that stay open, and hands bodies to the system as they are, where `fetch`
 * copies them twice. Follows no redirection.
 */
export class HttpExchange {
  readonly #timeoutMs: number;
  readonly #plain = new plain.Agent({ keepAlive: true, timeout: idleMs });
  readonly #secure = new secure.Agent({ keepAlive: true, timeout: idleMs });

  /** `timeoutMs`: how long an answer may take, to its last byte. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects with what the network says, or with NoAnswerInTime. */
  async ask(question: HttpQuestion): Promise<HttpAnswer> {
    try {
      return await this.#once(question);
    } catch (error) {
      // The server closed a connection that was kept, at the moment in which it was used again: nothing is wrong with it.
      if (error instanceof StaleConnection) return await this.#once(question);
      throw error;
    }
  }

  /** Closes the connections that are kept. */
  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  #once({ method, url, headers, body }: HttpQuestion): Promise<HttpAnswer> {
    const isSecure = url.protocol === 'https:';
    const options = {
      method,
      agent: isSecure ? this.#secure : this.#plain,
      headers: body ? { ...headers, 'content-length': String(body.byteLength) } : headers,
    };
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    const request = (isSecure ? secure : plain).request(url, options);
    const late = setTimeout(() => request.destroy(new NoAnswerInTime()), this.#timeoutMs);
    request.on('response', (response) => {
      readAnswer(response).then(resolve, reject);
    });
    request.on('error', (error) => {
      const isClosed = 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(isClosed && request.reusedSocket ? new StaleConnection(error.message, { cause: error }) : error);
    });
    request.end(body);
    return promise.finally(() => clearTimeout(late));
  }
}

class StaleConnection extends Error {
  override readonly name = 'StaleConnection';
}

async function readAnswer(response: plain.IncomingMessage): Promise<HttpAnswer> {
  let text = '';
  response.setEncoding('utf8');
  for await (const part of response as AsyncIterable<Buffer | string>) {
    if (text.length < answerBytesMax) text += part.toString();
  }
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}
