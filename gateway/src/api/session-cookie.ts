import type { PeerCertificate } from '../certificates/certificate-authority.ts';

/** What is known of the connection that a request came over. */
export interface Channel {
  /** Who is at its other end. */
  readonly address: string;
  /** Port of ours. */
  readonly port: number;
  /** Whether it is encrypted. */
  readonly isSecure: boolean;
  /** Whether only this machine can reach its listener. */
  readonly isLocal: boolean;
  /** What a device has shown over TLS, where our authority signed it; whether it still counts is asked elsewhere. */
  readonly certificate?: PeerCertificate | undefined;
}

/**
 * The name of the session cookie. Browsers keep cookies by host and not by port, so the port stands in the name:
 * two gateways of one machine do not sign each other out. `__Host-` (RFC 6265bis, 4.1.3.2) binds it to this very
 * host, and to encryption.
 */
export function cookieName({ port, isSecure }: Pick<Channel, 'port' | 'isSecure'>): string {
  return `${isSecure ? '__Host-' : ''}fieldline-${port}`;
}

/** The secret of the session in a Cookie header; undefined where there is none of the right form. */
export function readSessionCookie(header: string | undefined, channel: Channel): string | undefined {
  const prefix = `${cookieName(channel)}=`;
  const found = header?.split('; ').find((pair) => pair.startsWith(prefix));
  return found && /^[\w-]{43}$/.exec(found.slice(prefix.length))?.[0];
}

/**
 * The Set-Cookie header for a session: no script reads it (HttpOnly), no other site's page sends it (SameSite).
 * An empty secret and age 0 take it away.
 */
export function sessionCookie(secret: string, ageSec: number, channel: Channel): string {
  const secure = channel.isSecure ? '; Secure' : '';
  return `${cookieName(channel)}=${secret}; Path=/; Max-Age=${ageSec}; HttpOnly; SameSite=Strict${secure}`;
}
