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

/**
 * An HTTP server, over TLS where keys are given. It then asks for a certificate and takes those without one, too:
 * browsers have none, and a device that renews its own shows it here.
 */
export function httpServer(
  tls: ServerTls | undefined,
  handler: RequestListener,
  { requestMs, idleMs }: { readonly requestMs: number; readonly idleMs: number },
): Server {
  const limits = { requestTimeout: requestMs, keepAliveTimeout: idleMs };
  if (!tls) return createPlainServer(limits, handler);
  const server = createTlsServer(
    {
      ...tls.keys,
      ...limits,
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
