import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { ErrorCode } from '@fieldline/protocol';
import type { Access, Principal } from '../access/access.ts';
import { peerCertificate } from '../certificates/peer-certificate.ts';
import { bearerOf } from './bearer.ts';
import { hostAllowed, originAllowed, type OwnNames } from './host-check.ts';
import { mayCall } from './principal.ts';
import type { ApiRoute } from './route.ts';
import { readSessionCookie, type Channel } from './session-cookie.ts';

/** Why a request goes no further. */
export interface Rejection {
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
}

/** The door of one listener: tells who asks, and who may come in. */
export class Admission {
  readonly #access: Access;
  readonly #own: OwnNames;
  readonly #isLocal: boolean;

  /** `isLocal`: only this machine can reach the listener. */
  constructor(access: Access, options: { own: OwnNames; isLocal: boolean }) {
    this.#access = access;
    this.#own = options.own;
    this.#isLocal = options.isLocal;
  }

  channel({ socket }: Pick<IncomingMessage, 'socket'>): Channel {
    return {
      address: socket.remoteAddress ?? '',
      port: socket.localPort ?? 0,
      isSecure: socket instanceof TLSSocket,
      isLocal: this.#isLocal,
      certificate: socket instanceof TLSSocket ? peerCertificate(socket) : undefined,
    };
  }

  /** Why a request is for somebody else, or comes from somebody else's page; undefined where neither holds. */
  rejectForeign(request: IncomingMessage, isChange: boolean): Rejection | undefined {
    const { host, origin } = request.headers;
    if (!hostAllowed(host, this.#own)) {
      return { status: 403, code: 'API_FORBIDDEN_HOST', detail: host ?? '' };
    }
    if (origin === undefined) {
      if (isChange || !isLoadedByForeignPage(request)) return undefined;
      return {
        status: 403,
        code: 'API_FORBIDDEN_ORIGIN',
        detail: 'The browser says that another site asks.',
      };
    }
    if (!isChange && !isLoadedByForeignPage(request)) return undefined;
    const { isSecure } = this.channel(request);
    if (originAllowed(origin, { host, isSecure, own: this.#own })) return undefined;
    return { status: 403, code: 'API_FORBIDDEN_ORIGIN', detail: origin };
  }

  /** Who is behind a request. */
  identify(request: IncomingMessage): Principal {
    const { authorization, cookie } = request.headers;
    return this.#access.identify({
      bearer: bearerOf(authorization),
      session: readSessionCookie(cookie, this.channel(request)),
      isLocal: this.#isLocal,
    });
  }

  /** Why this principal may not call this route now; undefined where they may. */
  rejectCaller(principal: Principal, route: ApiRoute, request: IncomingMessage): Rejection | undefined {
    const what = `${route.method} ${route.path}`;
    if (!mayCall(principal, route)) {
      if (principal.via === 'nobody') return { status: 401, code: 'API_UNAUTHORIZED', detail: what };
      const detail = `${what} needs the role ${route.access}`;
      return { status: 403, code: 'API_FORBIDDEN_ROLE', detail };
    }
    // A browser names the page behind every change; who changes by cookie and names none is no page of ours.
    const isNameless = principal.via === 'session' && request.headers.origin === undefined;
    if (isNameless && route.method !== 'GET') {
      return { status: 403, code: 'API_FORBIDDEN_ORIGIN', detail: 'no Origin header' };
    }
    return undefined;
  }
}

/**
 * Whether a browser says (W3C Fetch Metadata, `Sec-Fetch-…`) that a page of another origin makes it load this: not to read
 * it, which it could not, but to keep the gateway busy where reading needs no cookie. A link that is followed is none.
 */
function isLoadedByForeignPage({ headers }: IncomingMessage): boolean {
  const { 'sec-fetch-site': site, 'sec-fetch-dest': dest } = headers;
  return (site === 'cross-site' || site === 'same-site') && dest !== 'document';
}
