import type { DatabaseSync } from 'node:sqlite';
import { accepted, refused, type Result } from '@fieldline/protocol';
import { digestOf, equalSecrets, newSecret } from '../access/secret.ts';
import type { Clock } from '../clock.ts';

/** A claim as it is handed out, once. */
export interface NewClaim {
  /** `DEVICE.PIN.SECRET`: whom it is for, by what the gateway is recognised, and what proves the right to it. */
  readonly claim: string;
  readonly expiresAtUs: number;
}

const claimPattern = /^([a-z0-9][a-z0-9-]{0,62})\.([\w-]{43})\.([\w-]{43})$/;

/**
 * Claims: a device trades one for its own credential. Kept as digests; each good for one device, for a limited
 * time, and for one key: the same key may come again, since an answer can get lost, and nobody else has that key.
 */
export class Claims {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #ageUs: number;

  constructor(database: DatabaseSync, options: { clock: Clock; ageUs: number }) {
    this.#database = database;
    this.#clock = options.clock;
    this.#ageUs = options.ageUs;
  }

  /** Makes the claim of a device; an earlier one of it is over. `pin`: fingerprint of what the gateway shows. */
  create(device: string, pin: string): NewClaim {
    const secret = newSecret();
    const expiresAtUs = this.#clock.nowUs() + this.#ageUs;
    this.#database
      .prepare(
        'INSERT OR REPLACE INTO claims (device, digest, expires_at_us, key_digest) VALUES (?, ?, ?, NULL)',
      )
      .run(device, digestOf(secret), expiresAtUs);
    return { claim: `${device}.${pin}.${secret}`, expiresAtUs };
  }

  /**
   * Spends a claim for a key (a digest of its request), `password` where there is none; answers its device. Refused as CLAIM_REFUSED,
   * whatever is wrong with it: who guesses learns nothing.
   */
  spend(claim: string, keyDigest: string): Result<string> {
    const [, device = '', , secret = ''] = claimPattern.exec(claim) ?? [];
    const row = this.#database.prepare('SELECT * FROM claims WHERE device = ?').get(device);
    const isRight = equalSecrets(digestOf(secret), String(row?.['digest'] ?? ''));
    const isOver = Number(row?.['expires_at_us'] ?? 0) <= this.#clock.nowUs();
    const keyBefore = row?.['key_digest'] ?? null;
    const isSpent = keyBefore !== null && (keyBefore !== keyDigest || keyDigest === 'password');
    if (!isRight || isOver || isSpent) return refused('CLAIM_REFUSED', '');
    this.#database.prepare('UPDATE claims SET key_digest = ? WHERE device = ?').run(keyDigest, device);
    return accepted(device);
  }

  /** What became of the newest claim of a device; undefined where there is none. One that was used stays so. */
  look(
    device: string,
  ): { readonly state: 'open' | 'used' | 'expired'; readonly expiresAtUs: number } | undefined {
    const row = this.#database
      .prepare('SELECT expires_at_us AS expires, key_digest AS key FROM claims WHERE device = ?')
      .get(device);
    if (!row) return undefined;
    const expiresAtUs = Number(row['expires']);
    if (row['key'] !== null) return { state: 'used', expiresAtUs };
    return { state: expiresAtUs <= this.#clock.nowUs() ? 'expired' : 'open', expiresAtUs };
  }

  /** The device is revoked. */
  forget(device: string): void {
    this.#database.prepare('DELETE FROM claims WHERE device = ?').run(device);
  }
}
