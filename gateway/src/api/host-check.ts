import { isIP } from 'node:net';

/** What this gateway is called: names of Host headers, and origins of pages that a proxy shows in its place. */
export interface OwnNames {
  readonly hosts: ReadonlySet<string>;
  readonly origins: ReadonlySet<string>;
}

/**
 * The names of a gateway that listens on `listening` and is also called `allowed` (`http.allowedHosts`): host
 * names, or whole origins such as `https://fieldline.example`, which name what a proxy in front is called.
 */
export function ownNames(listening: readonly string[], allowed: readonly string[]): OwnNames {
  const origins = allowed.filter((entry) => entry.includes('://')).map((entry) => new URL(entry));
  const names = allowed.filter((entry) => !entry.includes('://'));
  return {
    hosts: new Set([...listening, ...names, ...origins.map(({ hostname }) => hostname)].map(lowerCase)),
    origins: new Set(origins.map(({ origin }) => origin)),
  };
}

function lowerCase(text: string): string {
  return text.toLowerCase();
}

/** The host name of a Host header, without its port; undefined where it is malformed. */
export function hostName(host: string): string | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+))(?::\d{1,5})?$/.exec(host);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

/**
 * True where a Host header can only mean this gateway: an address, or a name that is known to be ours. A page of
 * another site that re-points its own name to this machine (DNS rebinding) sends its own name, and is refused.
 */
export function hostAllowed(host: string | undefined, { hosts }: OwnNames): boolean {
  const name = host === undefined ? undefined : hostName(host);
  if (name === undefined) return false;
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || hosts.has(name);
}

/**
 * True where an Origin header (RFC 6454, 7) is exactly our own: the scheme of this connection with the Host of
 * this request, or what a proxy in front is called. `null`, which sandboxed pages send, is nobody's.
 */
export function originAllowed(
  origin: string,
  { host, isSecure, own }: { host: string | undefined; isSecure: boolean; own: OwnNames },
): boolean {
  return origin === `${isSecure ? 'https' : 'http'}://${host}` || own.origins.has(origin);
}
