import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { AuditEntry } from '@fieldline/protocol';
import { Value } from 'typebox/value';
import type { Clock } from '../clock.ts';

/** How much of the past the log keeps. */
export interface AuditLimits {
  readonly rows: number;
  readonly ageUs: number;
}

/** A change before it has a number and a time. */
export type NewAuditEntry = Omit<AuditEntry, 'id' | 'atUs'>;

/** Old entries are looked for after so many new ones. */
const pruneEvery = 64;

/** Longest text of one column, in characters: subjects come from requests. */
const textCharsMax = 200;

/**
 * Who changed what, when, from where. An entry is on the disk before the answer to the change leaves; a power
 * cut does not take it back. The oldest go where the log is full or old.
 */
export class AuditLog {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #limits: AuditLimits;
  readonly #insert: StatementSync;
  readonly #prune: StatementSync;
  #sincePrune = pruneEvery;

  constructor(database: DatabaseSync, options: { clock: Clock; limits: AuditLimits }) {
    this.#database = database;
    this.#clock = options.clock;
    this.#limits = options.limits;
    this.#insert = database.prepare(
      'INSERT INTO audit (at_us, actor, address, action, subject) VALUES (?, ?, ?, ?, ?)',
    );
    this.#prune = database.prepare(
      'DELETE FROM audit WHERE at_us < ? OR id <= (SELECT max(id) FROM audit) - ?',
    );
  }

  /** Writes an entry. Throws what SQLite throws. */
  record({ actor, address, action, subject }: NewAuditEntry): void {
    const nowUs = this.#clock.nowUs();
    const texts = [actor, address, action, subject].map((text) => text.slice(0, textCharsMax));
    this.#insert.run(nowUs, ...texts);
    this.#sincePrune += 1;
    if (this.#sincePrune < pruneEvery) return;
    this.#sincePrune = 0;
    this.#prune.run(nowUs - this.#limits.ageUs, this.#limits.rows);
  }

  /** At most `limit` entries below number `before`, the newest first. */
  list({ limit, before = Number.MAX_SAFE_INTEGER }: { limit: number; before?: number }): AuditEntry[] {
    return this.#database
      .prepare(
        `SELECT id, at_us AS atUs, actor, address, action, subject FROM audit
         WHERE id < ? AND id > (SELECT max(id) FROM audit) - ? ORDER BY id DESC LIMIT ?`,
      )
      .all(before, this.#limits.rows, limit)
      .filter((row): row is typeof row & AuditEntry => Value.Check(AuditEntry, row));
  }
}
