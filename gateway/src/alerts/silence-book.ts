import type { DatabaseSync } from 'node:sqlite';
import { AlertSilence, refused, type Result } from '@fieldline/protocol';
import { Value } from 'typebox/value';
import { alertLimits } from './alert-tables.ts';

/** What nobody wants to hear of, and until when. */
export class SilenceBook {
  readonly #database: DatabaseSync;
  readonly #silences = new Map<number, AlertSilence>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    for (const { id, silence } of database.prepare('SELECT id, silence FROM alert_silences').all()) {
      const stored: unknown = { ...(JSON.parse(String(silence)) as object), id: Number(id) };
      if (Value.Check(AlertSilence, stored)) this.#silences.set(stored.id, stored);
    }
  }

  /** Those that last. */
  list(nowUs: number): AlertSilence[] {
    return [...this.#silences.values()].filter(({ untilUs }) => untilUs > nowUs);
  }

  /** Begins one. Refused as ALERT_LIMIT. */
  add(draft: Omit<AlertSilence, 'id'>): Result<AlertSilence> {
    this.#forgetPast(draft.createdAtUs);
    if (this.#silences.size >= alertLimits.silences) {
      return refused('ALERT_LIMIT', `${alertLimits.silences} silences`);
    }
    const insert = this.#database.prepare('INSERT INTO alert_silences (silence) VALUES (?)');
    const id = Number(insert.run(JSON.stringify(draft)).lastInsertRowid);
    const silence = { id, ...draft };
    this.#silences.set(id, silence);
    return { ok: true, value: silence };
  }

  /** Ends one before its time. False where there is none. */
  remove(id: number): boolean {
    this.#database.prepare('DELETE FROM alert_silences WHERE id = ?').run(id);
    return this.#silences.delete(id);
  }

  /** Whether nothing is to be sent of this now. A silence of a device covers its streams and sensors too. */
  covers({ rule, subject }: { rule: string; subject: string }, nowUs: number): boolean {
    for (const silence of this.#silences.values()) {
      if (silence.untilUs <= nowUs) continue;
      const ruleCovered = silence.rule === null || silence.rule === rule;
      const isWithin = silence.subject === null || `${subject}/`.startsWith(`${silence.subject}/`);
      if (ruleCovered && isWithin) return true;
    }
    return false;
  }

  #forgetPast(nowUs: number): void {
    for (const { id, untilUs } of this.#silences.values()) if (untilUs <= nowUs) this.remove(id);
  }
}
