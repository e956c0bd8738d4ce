import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { emptyTrack, type Track } from './evaluate/track.ts';
import type { RuleBook } from './rule-book.ts';
import { trackKey, type Subjects, type Tracked } from './subjects.ts';

/** What the evaluator remembers, in `gateway.db`, with the offset of the journal up to which it has seen it. */
export class AlertState {
  readonly #database: DatabaseSync;
  readonly #write: StatementSync;
  readonly #delete: StatementSync;
  readonly #fact: StatementSync;
  readonly #changed = new Map<string, { readonly tracked: Tracked; readonly gone: boolean }>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#write = database.prepare(
      'INSERT OR REPLACE INTO alert_tracks (rule, subject, lane, track) VALUES (?, ?, ?, ?)',
    );
    this.#delete = database.prepare('DELETE FROM alert_tracks WHERE rule = ? AND subject = ? AND lane = ?');
    this.#fact = database.prepare("INSERT OR REPLACE INTO facts (name, value) VALUES ('alertsSeenTo', ?)");
  }

  /** The offset of the next batch to be evaluated; undefined before the first start. */
  seenTo(): number | undefined {
    const row = this.#database.prepare("SELECT value FROM facts WHERE name = 'alertsSeenTo'").get();
    return row && Number(row['value']);
  }

  /** Gives back the tracks that were saved, as far as their rules are still enabled. */
  restore(rules: RuleBook, subjects: Subjects, nowUs: number): void {
    for (const row of this.#database.prepare('SELECT * FROM alert_tracks').all()) {
      const booked = rules.get(String(row['rule']));
      if (!booked?.rule.enabled) continue;
      const saved = JSON.parse(String(row['track'])) as { track: Track; unit: string | null };
      subjects.restore({
        booked,
        subject: String(row['subject']),
        lane: row['lane'] === 'backlog' ? 'backlog' : 'live',
        track: { ...emptyTrack, ...saved.track },
        unit: saved.unit,
        alert: undefined,
        heardAtUs: nowUs,
      });
    }
  }

  changed(tracked: Tracked): void {
    this.#changed.set(trackKey(tracked), { tracked, gone: false });
  }

  gone(tracked: Tracked): void {
    this.#changed.set(trackKey(tracked), { tracked, gone: true });
  }

  /** Writes what changed, inside the caller's transaction; `saved` forgets it afterwards. */
  save(seenTo: number): void {
    for (const { tracked, gone } of this.#changed.values()) {
      const { booked, subject, lane, track, unit } = tracked;
      if (gone) this.#delete.run(booked.rule.id, subject, lane);
      else this.#write.run(booked.rule.id, subject, lane, JSON.stringify({ track, unit }));
    }
    this.#fact.run(seenTo);
  }

  saved(): void {
    this.#changed.clear();
  }
}
