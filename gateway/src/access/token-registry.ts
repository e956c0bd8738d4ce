import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import {
  accepted,
  refused,
  roles,
  scopes as allScopes,
  type ApiToken,
  type NewToken,
  type Result,
  type Role,
  type Scope,
} from '@fieldline/protocol';
import type { Clock } from '../clock.ts';
import { digestOf, equalSecrets, newSecret } from './secret.ts';

interface TokenState extends ApiToken {
  readonly digest: string;
}

/** `lastUsedUs` is written no more often than this. */
const lastUsedEveryUs = 60_000_000;

/**
 * Tokens of programs: `fl_ID_SECRET`. The prefix lets scanners of repositories recognise a leaked one; the id
 * finds it without comparing secrets; of the secret a digest is kept.
 */
export class TokenRegistry {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #tokensMax: number;
  readonly #tokens = new Map<string, TokenState>();

  constructor(database: DatabaseSync, options: { clock: Clock; tokensMax: number }) {
    this.#database = database;
    this.#clock = options.clock;
    this.#tokensMax = options.tokensMax;
    for (const row of database.prepare('SELECT * FROM api_tokens').all()) {
      const id = String(row['id']);
      this.#tokens.set(id, {
        id,
        name: String(row['name']),
        digest: String(row['digest']),
        scopes: readScopes(String(row['scopes'])),
        createdAtUs: Number(row['created_at_us']),
        createdBy: String(row['created_by']),
        expiresAtUs: orNull(row['expires_at_us']),
        lastUsedUs: orNull(row['last_used_us']),
      });
    }
  }

  list(): ApiToken[] {
    return [...this.#tokens.values()].map(toToken).toSorted((a, b) => a.createdAtUs - b.createdAtUs);
  }

  /** Makes a token; its text is shown this once. Refused as TOKEN_LIMIT. */
  create({ name, scopes, expiresAtUs }: NewToken, createdBy: string): Result<ApiToken & { token: string }> {
    if (this.#tokens.size >= this.#tokensMax) return refused('TOKEN_LIMIT', `${this.#tokensMax} tokens`);
    const [id, secret] = [randomBytes(6).toString('hex'), newSecret()];
    const createdAtUs = this.#clock.nowUs();
    const about = { id, name, scopes, createdAtUs, createdBy };
    const state = {
      ...about,
      digest: digestOf(secret),
      expiresAtUs: expiresAtUs ?? null,
      lastUsedUs: null,
    };
    const insert = this.#database.prepare(
      `INSERT INTO api_tokens (id, name, digest, scopes, created_at_us, created_by, expires_at_us)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    const values = [id, name, state.digest, scopes.join(','), createdAtUs, createdBy, state.expiresAtUs];
    insert.run(...values);
    this.#tokens.set(id, state);
    return accepted({ ...toToken(state), token: `fl_${id}_${secret}` });
  }

  /** The token that this text is; undefined where it is none, has ended, or was revoked. */
  find(text: string): ApiToken | undefined {
    const [, id = '', secret = ''] = /^fl_([0-9a-f]{12})_([\w-]{43})$/.exec(text) ?? [];
    const state = this.#tokens.get(id);
    if (!state || !equalSecrets(digestOf(secret), state.digest)) return undefined;
    if (!this.byId(id)) return undefined;
    this.#used(state);
    return toToken(state);
  }

  /** The token of this id; undefined where it has ended or was revoked. */
  byId(id: string): ApiToken | undefined {
    const state = this.#tokens.get(id);
    if (!state || (state.expiresAtUs !== null && state.expiresAtUs <= this.#clock.nowUs())) return undefined;
    return toToken(state);
  }

  /** Revokes a token; answers it, or undefined where there is none. */
  revoke(id: string): ApiToken | undefined {
    const state = this.#tokens.get(id);
    if (!state) return undefined;
    const remove = this.#database.prepare('DELETE FROM api_tokens WHERE id = ?');
    this.#tokens.delete(id);
    remove.run(id);
    return toToken(state);
  }

  #used(state: TokenState): void {
    const nowUs = this.#clock.nowUs();
    if (state.lastUsedUs !== null && nowUs - state.lastUsedUs < lastUsedEveryUs) return;
    state.lastUsedUs = nowUs;
    try {
      this.#database.prepare('UPDATE api_tokens SET last_used_us = ? WHERE id = ?').run(nowUs, state.id);
    } catch {
      // A full disk is no reason to refuse a program that only reads.
    }
  }
}

/** The greatest role among scopes; undefined where they hold none. */
export function roleOf(scopes: readonly Scope[]): Role | undefined {
  return roles.findLast((role) => scopes.includes(role));
}

function readScopes(text: string): Scope[] {
  const given = text.split(',');
  return allScopes.filter((scope) => given.includes(scope));
}

function orNull(value: unknown): number | null {
  return value === null ? null : Number(value);
}

function toToken({ digest: _digest, ...token }: TokenState): ApiToken {
  return token;
}
