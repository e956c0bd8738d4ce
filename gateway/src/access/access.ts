import type { DatabaseSync } from 'node:sqlite';
import type { Role, Scope } from '@fieldline/protocol';
import type { Clock } from '../clock.ts';
import type { Counter } from '../parts.ts';
import { AuditLog, type AuditLimits } from './audit-log.ts';
import { digestOf, equalSecrets, newSecret } from './secret.ts';
import { SessionRegistry, type Session, type SessionLimits } from './session-registry.ts';
import { SignIns } from './sign-ins.ts';
import { roleOf, TokenRegistry } from './token-registry.ts';
import { UserRegistry } from './user-registry.ts';

/**
 * Who is behind a request. `name` is what the audit log says: a user's name, `token:NAME`, `admin.token`,
 * `setup` for the one-time link, or `anonymous` for a request that names nobody.
 */
export interface Principal {
  readonly name: string;
  /** Undefined: nothing but what is open to everybody. */
  readonly role: Role | undefined;
  readonly scopes: readonly Scope[];
  readonly via: 'nobody' | 'admin-token' | 'session' | 'token';
  /** What stands behind it, by which it is looked up again: digest of the session, id of the token. */
  readonly key: string;
  /** Null where it does not end by itself. */
  readonly expiresAtUs: number | null;
}

/** What a request gives to tell who is behind it. */
export interface Evidence {
  /** The bearer token of its Authorization header. */
  readonly bearer: string | undefined;
  /** The secret of its session cookie. */
  readonly session: string | undefined;
  /** Whether it came in through a listener that only this machine can reach. */
  readonly isLocal: boolean;
}

/** What `Access` is made from. */
export interface AccessOptions {
  readonly adminToken: string;
  readonly clock: Clock;
  readonly limits: {
    readonly users: number;
    readonly tokens: number;
    readonly sessions: SessionLimits;
    readonly audit: AuditLimits;
  };
}

/** The least that a timer of Node is given, and the most, in ms. */
const timerMs = { least: 5, most: 2 ** 31 - 1 } as const;

/**
 * Who may come in to the API, and how they are known: people by a session that a password or the one-time link
 * opened, programs by a token, the gateway's own machine by `admin.token`.
 *
 * While no user has been added, whoever reaches a listener of this machine may read: this is how a gateway is
 * tried out. From the first user on, everybody signs in.
 */
export class Access {
  readonly users: UserRegistry;
  readonly sessions: SessionRegistry;
  readonly tokens: TokenRegistry;
  readonly audit: AuditLog;
  readonly signIns: SignIns;
  readonly #adminToken: string;
  readonly #clock: Clock;
  readonly #watches = new Set<() => void>();
  #linkDigest: string | undefined;

  constructor(database: DatabaseSync, { adminToken, clock, limits }: AccessOptions) {
    this.#adminToken = adminToken;
    this.#clock = clock;
    this.users = new UserRegistry(database, { clock, usersMax: limits.users });
    this.sessions = new SessionRegistry(database, { clock, limits: limits.sessions });
    this.tokens = new TokenRegistry(database, { clock, tokensMax: limits.tokens });
    this.audit = new AuditLog(database, { clock, limits: limits.audit });
    this.signIns = new SignIns(this.users, clock);
  }

  get hasUsers(): boolean {
    return this.users.count > 0;
  }

  /** Who is behind a request. A token that is wrong is not made good by a cookie beside it. */
  identify({ bearer, session, isLocal }: Evidence): Principal {
    const known = bearer === undefined ? this.#ofCookie(session) : this.#ofBearer(bearer);
    return known ?? nobody(isLocal && !this.hasUsers ? 'viewer' : undefined);
  }

  /** The principal as it is now; undefined where what stood behind it has ended. */
  renewed(principal: Principal, isLocal: boolean): Principal | undefined {
    const { via, key } = principal;
    if (via === 'admin-token') return principal;
    if (via === 'nobody') return isLocal && !this.hasUsers ? principal : undefined;
    if (via === 'token') {
      const token = this.tokens.byId(key);
      return token && ofToken(token);
    }
    const session = this.sessions.byDigest(key);
    return session && this.#ofSession(session);
  }

  /**
   * Calls `onEnd` once, as soon as this principal may no longer read: its session or token has ended, or the
   * first user was added. Returns what stops the watching.
   */
  watch(principal: Principal, isLocal: boolean, onEnd: () => void): () => void {
    let timer: NodeJS.Timeout | undefined;
    const stop = (): void => {
      clearTimeout(timer);
      this.#watches.delete(check);
    };
    const check = (): void => {
      clearTimeout(timer);
      if (this.renewed(principal, isLocal)?.role === undefined) {
        stop();
        onEnd();
      } else if (principal.expiresAtUs !== null) {
        const leftMs = (principal.expiresAtUs - this.#clock.nowUs()) / 1000;
        timer = setTimeout(check, Math.min(timerMs.most, Math.max(timerMs.least, leftMs))).unref();
      }
    };
    this.#watches.add(check);
    check();
    return stop;
  }

  /** Somebody was added, changed or removed: open sockets are looked at again. */
  changed(): void {
    for (const check of [...this.#watches]) check();
  }

  /** A path that signs in whoever opens it first: valid once, for this run, while no user has been added. */
  newSignInPath(): string | undefined {
    if (this.hasUsers) return undefined;
    const secret = newSecret();
    this.#linkDigest = digestOf(secret);
    return `/signin/${secret}`;
  }

  /** Spends the one-time link; opens a session where `secret` is its. */
  useLink(secret: string): { secret: string; session: Session } | undefined {
    if (this.hasUsers || this.#linkDigest === undefined) return undefined;
    if (!equalSecrets(digestOf(secret), this.#linkDigest)) return undefined;
    this.#linkDigest = undefined;
    return this.sessions.open(null);
  }

  counters(): Counter[] {
    return this.signIns.counters();
  }

  #ofBearer(bearer: string): Principal | undefined {
    if (equalSecrets(bearer, this.#adminToken)) {
      const about = { name: 'admin.token', role: 'admin', via: 'admin-token', key: '' } as const;
      return { ...about, scopes: [], expiresAtUs: null };
    }
    const token = this.tokens.find(bearer);
    return token && ofToken(token);
  }

  #ofCookie(secret: string | undefined): Principal | undefined {
    const session = secret === undefined ? undefined : this.sessions.find(secret);
    return session && this.#ofSession(session);
  }

  #ofSession({ user, digest, expiresAtUs }: Session): Principal | undefined {
    const role = user === null ? (this.hasUsers ? undefined : 'admin') : this.users.get(user)?.role;
    if (role === undefined) return undefined;
    return { name: user ?? 'setup', role, scopes: [], via: 'session', key: digest, expiresAtUs };
  }
}

function ofToken({ id, name, scopes, expiresAtUs }: ReturnType<TokenRegistry['list']>[number]): Principal {
  return { name: `token:${name}`, role: roleOf(scopes), scopes, via: 'token', key: id, expiresAtUs };
}

function nobody(role: Role | undefined): Principal {
  return { name: 'anonymous', role, scopes: [], via: 'nobody', key: '', expiresAtUs: null };
}
