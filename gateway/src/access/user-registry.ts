import type { DatabaseSync } from 'node:sqlite';
import { accepted, refused, Role, type Result, type User } from '@fieldline/protocol';
import { Value } from 'typebox/value';
import type { Clock } from '../clock.ts';
import { hashUserPassword, judgePassword, verifyUserPassword } from './password.ts';
import { newSecret } from './secret.ts';

interface UserState {
  readonly name: string;
  role: Role;
  passwordHash: string;
  readonly createdAtUs: number;
  lastSignInUs: number | null;
}

/** Verifications that may wait for their turn; each of them is one request. */
const waitingMax = 32;

/** The people who may sign in. Held in memory, written through to `access.db`. */
export class UserRegistry {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #usersMax: number;
  readonly #users = new Map<string, UserState>();
  /** Hash of nobody's password: an unknown name takes as long as a known one. */
  #decoy: Promise<string> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(database: DatabaseSync, options: { clock: Clock; usersMax: number }) {
    this.#database = database;
    this.#clock = options.clock;
    this.#usersMax = options.usersMax;
    for (const row of database.prepare('SELECT * FROM users').all()) {
      const { name, role, password_hash, created_at_us, last_sign_in_us } = row;
      if (!Value.Check(Role, role)) continue;
      this.#users.set(String(name), {
        name: String(name),
        role,
        passwordHash: String(password_hash),
        createdAtUs: Number(created_at_us),
        lastSignInUs: last_sign_in_us === null ? null : Number(last_sign_in_us),
      });
    }
  }

  get count(): number {
    return this.#users.size;
  }

  list(): User[] {
    return [...this.#users.values()].map(toUser).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(name: string): User | undefined {
    const state = this.#users.get(name);
    return state && toUser(state);
  }

  /** Adds a user; refused as USER_EXISTS, USER_LIMIT or PASSWORD_WEAK. */
  async add(name: string, role: Role, password: string): Promise<Result<User>> {
    const judged = judgePassword(name, password);
    if (!judged.ok) return judged;
    const passwordHash = await hashUserPassword(password);
    if (this.#users.has(name)) return refused('USER_EXISTS', name);
    if (this.#users.size >= this.#usersMax) return refused('USER_LIMIT', `${this.#usersMax} users`);
    const state = { name, role, passwordHash, createdAtUs: this.#clock.nowUs(), lastSignInUs: null };
    this.#write(state);
    this.#users.set(name, state);
    return accepted(toUser(state));
  }

  /** Changes role, password, or both; refused as USER_UNKNOWN or PASSWORD_WEAK. */
  async change(
    name: string,
    { role, password }: { role?: Role | undefined; password?: string | undefined },
  ): Promise<Result<User>> {
    if (password !== undefined) {
      const judged = judgePassword(name, password);
      if (!judged.ok) return judged;
    }
    const passwordHash = password === undefined ? undefined : await hashUserPassword(password);
    const state = this.#users.get(name);
    if (!state) return refused('USER_UNKNOWN', name);
    const changed = { ...state, role: role ?? state.role, passwordHash: passwordHash ?? state.passwordHash };
    this.#write(changed);
    this.#users.set(name, changed);
    return accepted(toUser(changed));
  }

  /** Removes a user; false where there is none of this name. */
  remove(name: string): boolean {
    if (!this.#users.has(name)) return false;
    this.#database.prepare('DELETE FROM users WHERE name = ?').run(name);
    return this.#users.delete(name);
  }

  /**
   * The user with this name and password. `busy` where too many verifications wait already. An unknown name
   * takes as long as a wrong password.
   */
  async verify(name: string, password: string): Promise<User | 'wrong' | 'busy'> {
    if (this.#waiting >= waitingMax) return 'busy';
    const hash = this.#users.get(name)?.passwordHash;
    const isRight = await this.#inTurn(async () =>
      verifyUserPassword(password, hash ?? (await (this.#decoy ??= hashUserPassword(newSecret())))),
    );
    const state = this.#users.get(name);
    // It may have been given another password, or been removed, while the verification ran.
    return isRight && hash !== undefined && state?.passwordHash === hash ? toUser(state) : 'wrong';
  }

  /** Notes that a user has signed in. */
  signedIn(name: string): void {
    const state = this.#users.get(name);
    if (!state) return;
    state.lastSignInUs = this.#clock.nowUs();
    this.#write(state);
  }

  /** One at a time: each takes 19 MiB for 30 ms, and there is no hurry. */
  async #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#waiting += 1;
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => undefined);
    return turn.finally(() => (this.#waiting -= 1));
  }

  #write({ name, role, passwordHash, createdAtUs, lastSignInUs }: UserState): void {
    this.#database
      .prepare(
        `INSERT INTO users (name, role, password_hash, created_at_us, last_sign_in_us) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET role = excluded.role, password_hash = excluded.password_hash,
           last_sign_in_us = excluded.last_sign_in_us`,
      )
      .run(name, role, passwordHash, createdAtUs, lastSignInUs);
  }
}

function toUser({ name, role, createdAtUs, lastSignInUs }: UserState): User {
  return { name, role, createdAtUs, lastSignInUs };
}
