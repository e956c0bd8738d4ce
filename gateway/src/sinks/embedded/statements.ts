import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Statements of one connection by their text: preparing one costs more than many of them take. */
export class Statements {
  readonly database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  /** The statement, prepared once. `sql` must be one of few texts: values are bound, never written into it. */
  of(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    if (known) return known;
    const made = this.database.prepare(sql);
    this.#prepared.set(sql, made);
    return made;
  }
}
