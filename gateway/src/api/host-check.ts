import { isIP } from 'node:net';

/** The host name of a Host header, without its port; undefined where it is malformed. */
export function hostName(host: string): string | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+))(?::\d{1,5})?$/.exec(host);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

/**
 * True where a Host header can only mean this gateway: an address, or a name that is known to be ours. A page of
 * another site that re-points its own name to this machine (DNS rebinding) sends its own name, and is refused.
 */
export function hostAllowed(host: string | undefined, allowedNames: ReadonlySet<string>): boolean {
  const name = host === undefined ? undefined : hostName(host);
  if (name === undefined) return false;
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || allowedNames.has(name);
}

/** True where no browser page of another origin is behind the request: no Origin, or exactly our own. */
export function originAllowed(origin: string | undefined, host: string | undefined): boolean {
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
}
