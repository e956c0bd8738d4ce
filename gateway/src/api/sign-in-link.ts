import type { Access } from '../access/access.ts';
import type { IncomingMessage } from 'node:http';
import type { Admission } from './admission.ts';
import { sessionCookie, type Channel } from './session-cookie.ts';

/** What the one-time link begins with: the secret follows, and then any path of ours. */
const linkPath = /^\/signin\/([\w-]{43})(\/[^?#]*)?(\?.*)?$/;

/**
 * The address that a request is for, where it came under the one-time link: programs take the printed address for
 * the base of the API's, and a request for data does not spend the link.
 */
export function withoutLink(url: string): string {
  const [, , rest = '', query = ''] = linkPath.exec(url) ?? [];
  return /^\/(api\/|metrics$|healthz$|readyz$)/.test(rest) ? `${rest}${query}` : url;
}

/** Where a browser that has opened the one-time link goes on, and the cookie of its session if there is one. */
export interface FollowedLink {
  readonly location: string;
  readonly cookie: string | undefined;
}

/** Makes what answers one-time links; it answers undefined where an address is none. */
export function linkFollower(parts: {
  readonly access: Access;
  readonly admission: Admission;
  readonly nowUs: () => number;
}): (request: IncomingMessage) => FollowedLink | undefined {
  const { access, admission, nowUs } = parts;
  return (request) => {
    const channel = admission.channel(request);
    const followed = follow(access, request.url ?? '', { channel, nowUs: nowUs() });
    if (followed?.cookie !== undefined) {
      const { address } = channel;
      access.audit.record({ actor: 'setup', address, action: 'one-time link', subject: '' });
    }
    return followed;
  };
}

function follow(
  access: Access,
  url: string,
  { channel, nowUs }: { channel: Channel; nowUs: number },
): FollowedLink | undefined {
  const found = linkPath.exec(url);
  if (!found) return undefined;
  const [, secret = '', rest = '/', query = ''] = found;
  const opened = access.useLink(secret);
  const ageSec = opened && Math.floor((opened.session.expiresAtUs - nowUs) / 1e6);
  // Two slashes would lead to another host (RFC 3986, 4.2).
  const location = `/${rest.replace(/^[/\\]+/, '')}${query}`;
  return { location, cookie: opened && sessionCookie(opened.secret, ageSec ?? 0, channel) };
}
