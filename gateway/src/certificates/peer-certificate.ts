import type { TLSSocket } from 'node:tls';
import type { PeerCertificate } from './certificate-authority.ts';

/**
 * The certificate that the peer of a finished handshake has shown; undefined where there is none, or where OpenSSL
 * found anything wrong with it: not signed by our authority, out of its time, not for clients.
 */
export function peerCertificate(socket: TLSSocket): PeerCertificate | undefined {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  const device = /^CN=([a-z0-9][a-z0-9-]{0,62})$/.exec(certificate?.subject ?? '')?.[1];
  if (!certificate || device === undefined) return undefined;
  const expiresAtUs = certificate.validToDate.getTime() * 1000;
  return { device, serial: certificate.serialNumber.toLowerCase(), expiresAtUs };
}
