import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { SecureContextOptions } from 'node:tls';

/** What a TLS server shows, and who tells it of other keys. */
export interface ServerTls {
  readonly keys: SecureContextOptions;
  readonly follow: (change: (keys: SecureContextOptions) => void) => void;
}

/** Longest TLS handshake of one connection, in ms. */
const handshakeMs = 5000;

/** What one server bears. */
export interface HttpLimits {
  /** Longest time of a request, headers included. */
  readonly requestMs: number;
  /** How long a connection may wait for its next request. */
  readonly idleMs: number;
  /** Open connections, live sockets among them; more are closed at once, since files and memory are the gateway's, too. */
  readonly connections: number;
}

/**
 * An HTTP server, over TLS where keys are given. It then asks for a certificate and takes those without one, too:
 * browsers have none, and a device that renews its own shows it here.
 */
export function httpServer(tls: ServerTls | undefined, handler: RequestListener, limits: HttpLimits): Server {
  const server = tls ? tlsServer(tls, handler, limits) : createPlainServer(timesOf(limits), handler);
  server.maxConnections = limits.connections;
  return server;
}

function tlsServer(tls: ServerTls, handler: RequestListener, limits: HttpLimits): Server {
  const server = createTlsServer(
    {
      ...tls.keys,
      ...timesOf(limits),
      minVersion: 'TLSv1.2',
      handshakeTimeout: handshakeMs,
      requestCert: true,
      rejectUnauthorized: false,
    },
    handler,
  );
  tls.follow((changed) => server.setSecureContext(changed));
  return server;
}

function timesOf({ requestMs, idleMs }: HttpLimits) {
  return { requestTimeout: requestMs, keepAliveTimeout: idleMs };
}
