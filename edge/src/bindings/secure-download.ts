import { request, type IncomingMessage } from 'node:http';
import { accepted, refused, type Result } from '@fieldline/protocol';
import type { TLSSocket } from 'node:tls';
import { openSocket, type Trust } from './secure-post.ts';

/** A part of a file, from an offset to its end. */
export interface RangeRequest {
  readonly url: URL;
  readonly trust: Trust;
  readonly fromBytes: number;
  /** Size of the whole: more is not taken. */
  readonly sizeBytes: number;
  readonly signal: AbortSignal;
  /** What has come, in order; the next is read once it resolves. A rejection ends the request with it. */
  readonly take: (chunk: Uint8Array) => Promise<void>;
}

/**
 * Fetches the rest of a file (RFC 9110, 14.2: `Range: bytes=FROM-`) over TLS. Accepted once the connection has ended in
 * order or not: what came has been taken, and the caller looks whether it is all. Refused as UPLINK_UNREACHABLE,
 * UPLINK_GATEWAY_UNTRUSTED, or UPDATE_DOWNLOAD_FAILED where the gateway does not give this part.
 */
export async function downloadRange(wanted: RangeRequest): Promise<Result<undefined>> {
  const opened = await openSocket(wanted);
  if (!opened.ok) return opened;
  const socket = opened.value;
  try {
    const response = await answerOf(socket, wanted);
    const refusal = refusalOf(response, wanted);
    if (refusal !== undefined) return refused('UPDATE_DOWNLOAD_FAILED', `${wanted.url.host} ${refusal}.`);
    await takeAll(response, wanted);
    return accepted(undefined);
  } finally {
    socket.destroy();
  }
}

function answerOf(socket: TLSSocket, { url, fromBytes, signal }: RangeRequest): Promise<IncomingMessage> {
  const headers = { host: url.host, range: `bytes=${fromBytes}-`, connection: 'close' };
  const about = { method: 'GET', path: `${url.pathname}${url.search}`, headers, signal };
  return new Promise((resolve, reject) => {
    request({ ...about, createConnection: () => socket }, resolve)
      .on('error', reject)
      .end();
  });
}

function refusalOf(
  { statusCode, headers }: IncomingMessage,
  { fromBytes }: RangeRequest,
): string | undefined {
  if (statusCode !== 206) return `answered ${String(statusCode)} in the place of 206`;
  const range = String(headers['content-range']);
  return range.startsWith(`bytes ${fromBytes}-`) ? undefined : `gave another part: ${range}`;
}

async function takeAll(
  response: IncomingMessage,
  { fromBytes, sizeBytes, take }: RangeRequest,
): Promise<void> {
  let atBytes = fromBytes;
  const chunks = response as AsyncIterable<Uint8Array>;
  for await (const chunk of guarded(chunks)) {
    atBytes += chunk.length;
    if (atBytes > sizeBytes) return;
    await take(chunk);
  }
}

/** A connection that breaks ends the chunks; whoever takes them may still fail by itself. */
async function* guarded(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  for (;;) {
    const next = await iterator.next().catch(() => undefined);
    if (next === undefined || next.done === true) return;
    yield next.value;
  }
}
