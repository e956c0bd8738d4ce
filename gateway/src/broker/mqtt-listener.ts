import { createServer as createPlainServer, type Server, type Socket } from 'node:net';
import {
  createServer as createTlsServer,
  Server as TlsServer,
  type SecureContextOptions,
  type TlsOptions,
  type TLSSocket,
} from 'node:tls';
import { FieldlineError, type ErrorCode } from '@fieldline/protocol';
import type { PeerCertificate } from '../certificates/certificate-authority.ts';
import { peerCertificate } from '../certificates/peer-certificate.ts';
import type { PendingConnections } from './pending-connections.ts';

/** TCP finds a peer that vanished even where MQTT's keep-alive is off. */
const tcpKeepAliveMs = 60_000;

/** A connection that may speak MQTT now; over TLS, its handshake is done. */
export interface Arrival {
  readonly socket: Socket;
  readonly address: string;
  /** What a device has shown over TLS, where our authority signed it. */
  readonly certificate: PeerCertificate | undefined;
  /** To be called once it is authenticated; its end is seen to. */
  readonly settled: () => void;
}

/** What a listener tells. */
export interface ListenerOptions {
  readonly pending: PendingConnections;
  /** Why no connection can be taken now, for all that this one has done nothing. */
  readonly fullReason: () => ErrorCode | undefined;
  readonly onArrival: (arrival: Arrival) => void;
  /** A connection was turned away. */
  readonly onRefused: (code: ErrorCode, address: string, detail: string) => void;
  /** Longest time of a TLS handshake, in ms. */
  readonly handshakeMs: number;
}

const tcpOptions = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: tcpKeepAliveMs,
} as const;

/** One address at which devices knock: plain TCP, or TLS where keys are given. */
export class MqttListener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #scheme: 'mqtt' | 'mqtts';
  readonly #isTls: boolean;
  /** What ends the count of a connection whose handshake is under way, by its peer. */
  readonly #handshakes = new Map<string, () => void>();

  constructor(options: ListenerOptions, tls?: TlsOptions) {
    this.#options = options;
    this.#isTls = tls !== undefined;
    this.#scheme = tls ? 'mqtts' : 'mqtt';
    this.#server = tls ? this.#tlsServer(tls) : createPlainServer(tcpOptions);
    // Before the listener that begins the handshake: what is turned away costs no cryptography.
    this.#server.prependListener('connection', (socket) => this.#knock(socket));
  }

  /** Opens it; resolves with its URL. Throws MQTT_PORT_BUSY or MQTT_LISTEN_FAILED. */
  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => reject(listenError(`${host}:${port}`, cause)));
      this.#server.listen(port, host, resolve);
    });
    const address = this.#server.address();
    const actualPort = typeof address === 'object' && address ? address.port : port;
    return `${this.#scheme}://${host.includes(':') ? `[${host}]` : host}:${actualPort}`;
  }

  /** Shows other keys from the next handshake on. */
  changeKeys(keys: SecureContextOptions): void {
    if (this.#server instanceof TlsServer) this.#server.setSecureContext(keys);
  }

  /** Takes no more; resolves once its connections have closed. */
  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #tlsServer(tls: TlsOptions): Server {
    const { handshakeMs, onRefused } = this.#options;
    const server = createTlsServer({
      ...tls,
      ...tcpOptions,
      minVersion: 'TLSv1.2',
      handshakeTimeout: handshakeMs,
      // A device may come with a password alone; what it shows is judged by `peerCertificate`.
      requestCert: true,
      rejectUnauthorized: false,
    });
    server.on('secureConnection', (socket: TLSSocket) => this.#arrive(socket, peerCertificate(socket)));
    server.on('tlsClientError', (error, socket) => {
      onRefused('TLS_HANDSHAKE_FAILED', socket.remoteAddress ?? 'unknown', `${error.message}.`);
      socket.destroy();
    });
    return server;
  }

  #knock(socket: Socket): void {
    const address = socket.remoteAddress ?? 'unknown';
    const entered = this.#options.fullReason() ?? this.#options.pending.enter(address);
    if (typeof entered === 'string') {
      this.#options.onRefused(entered, address, '');
      socket.destroy();
      return;
    }
    const peer = peerOf(socket);
    this.#handshakes.set(peer, entered);
    socket.once('close', () => {
      entered();
      if (this.#handshakes.get(peer) === entered) this.#handshakes.delete(peer);
    });
    if (!this.#isTls) this.#arrive(socket, undefined);
  }

  #arrive(socket: Socket, certificate: PeerCertificate | undefined): void {
    const settled = this.#handshakes.get(peerOf(socket));
    // It was turned away, or has gone while its handshake ended.
    if (!settled || socket.destroyed) return;
    const address = socket.remoteAddress ?? 'unknown';
    this.#options.onArrival({ socket, address, certificate, settled });
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function listenError(subject: string, cause: Error): FieldlineError {
  const isBusy = 'code' in cause && cause.code === 'EADDRINUSE';
  return new FieldlineError(isBusy ? 'MQTT_PORT_BUSY' : 'MQTT_LISTEN_FAILED', {
    subject,
    detail: `${cause.message}.`,
    cause,
  });
}
