import { Buffer } from 'node:buffer';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { LiveRequest } from '@fieldline/protocol';
import { liveBinaryProtocol } from '@fieldline/protocol/live';
import { Value } from 'typebox/value';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { LiveClient } from '../sinks/live/live-client.ts';
import type { LiveHub } from '../sinks/live/live-hub.ts';
import type { Access, Principal } from '../access/access.ts';
import type { Admission, Rejection } from './admission.ts';
import { problemDocument, problemType } from './problem-document.ts';
import { withoutLink } from './sign-in-link.ts';

/** Limits of the live socket. */
export const socketLimits = {
  /** A subscription; viewers send nothing else. */
  messageBytes: 64 * 1024,
  viewers: 1000,
  /** Subscriptions a viewer may make a second; each costs a snapshot. */
  subscriptionsPerSec: 10,
  pingMs: 30_000,
} as const;

/** Close code (RFC 6455, 7.4.2: private use) of a viewer whose session or token has ended. */
const signedOut = 4401;

/** One HTTP server at which viewers knock, and who is let in there. */
export interface LiveDoor {
  readonly server: { readonly server: Server };
  readonly admission: Admission;
}

/** What the live socket stands on. */
export interface LiveSocketOptions {
  readonly doors: readonly LiveDoor[];
  readonly path: string;
  readonly hub: LiveHub;
  readonly access: Access;
  readonly nowUs: () => number;
}

/** Serves `WS /api/v1/live` on the HTTP servers. Returns what ends it. */
export function serveLiveSocket(options: LiveSocketOptions): () => void {
  const { doors, hub, nowUs } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: socketLimits.messageBytes,
    perMessageDeflate: false,
    // Who asks for another one, or for none, gets JSON.
    handleProtocols: (offered) => (offered.has(liveBinaryProtocol) ? liveBinaryProtocol : false),
  });
  const knock = (admission: Admission, request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => socket.destroy());
    const principal = admission.identify(request);
    const rejection = rejectionOf(request, principal, { ...options, admission });
    if (rejection) {
      refuse(socket, rejection);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (viewer) => {
      const client = serveViewer(viewer, socket, { hub, nowUs });
      const { isLocal } = admission.channel(request);
      const unwatch = options.access.watch(principal, isLocal, () => client.close(signedOut, 'Signed out.'));
      viewer.on('close', unwatch);
    });
  };
  for (const { server, admission } of doors)
    server.server.on('upgrade', (request, socket, head) => knock(admission, request, socket, head));
  const pings = setInterval(() => hub.pingAll(), socketLimits.pingMs).unref();
  return () => {
    clearInterval(pings);
    sockets.close();
  };
}

function rejectionOf(
  request: IncomingMessage,
  principal: Principal,
  options: LiveSocketOptions & { readonly admission: Admission },
): Rejection | undefined {
  const { url = '', headers } = request;
  // A socket is not bound by the same-origin policy: any page may open one, and its browser sends the cookie.
  const foreign = options.admission.rejectForeign(request, true);
  if (foreign) return foreign;
  if (withoutLink(url).split('?')[0] !== options.path) {
    return { status: 404, code: 'API_NOT_FOUND', detail: url };
  }
  if (principal.role === undefined)
    return { status: 401, code: 'API_UNAUTHORIZED', detail: 'WS /api/v1/live' };
  if (principal.via === 'session' && headers.origin === undefined) {
    return { status: 403, code: 'API_FORBIDDEN_ORIGIN', detail: 'no Origin header' };
  }
  if (options.hub.viewers >= socketLimits.viewers) {
    return { status: 503, code: 'API_NOT_READY', detail: `${socketLimits.viewers} viewers are connected.` };
  }
  return undefined;
}

function refuse(socket: Duplex, { status, code, detail }: Rejection): void {
  const body = JSON.stringify(problemDocument(status, code, detail));
  const headers = [
    `HTTP/1.1 ${status} ${code}`,
    `content-type: ${problemType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`);
}

function serveViewer(
  viewer: WebSocket,
  socket: Duplex,
  { hub, nowUs }: Pick<LiveSocketOptions, 'hub' | 'nowUs'>,
): LiveClient {
  const isBinary = viewer.protocol === liveBinaryProtocol;
  const client = new LiveClient(viewer, socket, { nowMs: () => nowUs() / 1000, isBinary });
  const allowance = new Allowance(socketLimits.subscriptionsPerSec, nowUs);
  hub.add(client);
  viewer.on('close', () => hub.remove(client));
  socket.on('drain', () => hub.drained(client));
  viewer.on('error', () => viewer.terminate());
  viewer.on('pong', () => {
    client.alive = true;
  });
  viewer.on('message', (data, isBinary) => {
    const request = isBinary ? undefined : parseRequest(textOf(data));
    if (!request) client.close(1008, 'Expected {"type":"subscribe","streams":[…]}.');
    else if (!allowance.take()) client.close(1008, 'Too many subscriptions a second.');
    else hub.subscribe(client, request);
  });
  return client;
}

/** `ws` gives a message as it came over the socket: one buffer, or several. */
function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return (data instanceof ArrayBuffer ? Buffer.from(data) : data).toString();
}

function parseRequest(text: string): LiveRequest | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(LiveRequest, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** So many a second, with a second's worth at once. */
class Allowance {
  readonly #perSec: number;
  readonly #nowUs: () => number;
  #left: number;
  #atUs: number;

  constructor(perSec: number, nowUs: () => number) {
    this.#perSec = perSec;
    this.#nowUs = nowUs;
    this.#left = perSec;
    this.#atUs = nowUs();
  }

  take(): boolean {
    const nowUs = this.#nowUs();
    this.#left = Math.min(this.#perSec, this.#left + ((nowUs - this.#atUs) / 1e6) * this.#perSec);
    this.#atUs = nowUs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
