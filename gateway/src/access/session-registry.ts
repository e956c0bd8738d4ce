import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../clock.ts';
import { digestOf, newSecret } from './secret.ts';

/** A browser that is signed in. `user` null: through the one-time link, before anybody was added. */
export interface Session {
  readonly digest: string;
  readonly user: string | null;
  readonly expiresAtUs: number;
}

/** How long a session lasts, and how many there may be; beyond it the oldest ends. */
export interface SessionLimits {
  readonly sessions: number;
  readonly ageUs: number;
}

/** The browsers that are signed in. The database knows digests alone: reading it opens no session. */
export class SessionRegistry {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #limits: SessionLimits;
  readonly #sessions = new Map<string, Session>();

  constructor(database: DatabaseSync, options: { clock: Clock; limits: SessionLimits }) {
    this.#database = database;
    this.#clock = options.clock;
    this.#limits = options.limits;
    const rows = database.prepare('SELECT digest, user, expires_at_us FROM sessions ORDER BY expires_at_us');
    for (const { digest, user, expires_at_us } of rows.all()) {
      const session = { digest: String(digest), expiresAtUs: Number(expires_at_us) };
      this.#sessions.set(session.digest, { ...session, user: user === null ? null : String(user) });
    }
  }

  /** Opens a session; its secret goes to the browser and is not kept. */
  open(user: string | null): { secret: string; session: Session } {
    const secret = newSecret();
    const expiresAtUs = this.#clock.nowUs() + this.#limits.ageUs;
    const session = { digest: digestOf(secret), user, expiresAtUs };
    this.#makeRoom();
    this.#database
      .prepare('INSERT INTO sessions (digest, user, expires_at_us) VALUES (?, ?, ?)')
      .run(session.digest, user, expiresAtUs);
    this.#sessions.set(session.digest, session);
    return { secret, session };
  }

  /** The session of this secret; undefined where it has ended, or never was. */
  find(secret: string): Session | undefined {
    return this.byDigest(digestOf(secret));
  }

  /** The session of this digest, likewise. */
  byDigest(digest: string): Session | undefined {
    const session = this.#sessions.get(digest);
    return session && session.expiresAtUs > this.#clock.nowUs() ? session : undefined;
  }

  /** Ends every session that `which` names. */
  end(which: (session: Session) => boolean): void {
    const ended = [...this.#sessions.values()].filter(which);
    if (ended.length === 0) return;
    for (const { digest } of ended) this.#sessions.delete(digest);
    const remove = this.#database.prepare('DELETE FROM sessions WHERE digest = ?');
    for (const { digest } of ended) remove.run(digest);
  }

  #makeRoom(): void {
    const nowUs = this.#clock.nowUs();
    this.end(({ expiresAtUs }) => expiresAtUs <= nowUs);
    if (this.#sessions.size < this.#limits.sessions) return;
    const oldest = [...this.#sessions.values()].reduce((a, b) => (b.expiresAtUs < a.expiresAtUs ? b : a));
    this.end(({ digest }) => digest === oldest.digest);
  }
}
