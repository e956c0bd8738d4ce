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

/** Which entries are wanted; texts are looked for in whatever case, times are µs, the end excluded. */
export interface AuditFilter {
  readonly limit: number;
  /** Only entries with a lower number. */
  readonly before?: number | undefined;
  /** In the name of who did it, or the address it came from. */
  readonly who?: string | undefined;
  /** In what was done, or what it was done to. */
  readonly what?: string | undefined;
  readonly fromUs?: number | undefined;
  readonly toUs?: number | undefined;
}

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

  /** At most `limit` of the entries that fit, the newest first. */
  list({ limit, before, who = '', what = '', fromUs, toUs }: AuditFilter): AuditEntry[] {
    // instr() takes what is looked for as it is: no sign in it is a wildcard.
    return this.#database
      .prepare(
        `SELECT id, at_us AS atUs, actor, address, action, subject FROM audit
         WHERE id < :before AND id > (SELECT max(id) FROM audit) - :rows AND at_us >= :from AND at_us < :to
           AND (:who = '' OR instr(lower(actor || char(10) || address), lower(:who)) > 0)
           AND (:what = '' OR instr(lower(action || char(10) || subject), lower(:what)) > 0)
         ORDER BY id DESC LIMIT :limit`,
      )
      .all({
        before: before ?? Number.MAX_SAFE_INTEGER,
        rows: this.#limits.rows,
        from: fromUs ?? 0,
        to: toUs ?? Number.MAX_SAFE_INTEGER,
        who,
        what,
        limit,
      })
      .filter((row): row is typeof row & AuditEntry => Value.Check(AuditEntry, row));
  }
}
