import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Alert } from '@fieldline/protocol';
import { Value } from 'typebox/value';
import { alertLimits } from './alert-tables.ts';
import { alertMessage } from './alert-message.ts';
import type { Transition } from './evaluate/track.ts';
import type { Tracked } from './subjects.ts';

/** An alert as it is kept; whether a silence covers it depends on the time of asking. */
export type KeptAlert = Omit<Alert, 'silenced'>;

/** What of the past is asked for; times in µs UTC, of the beginning. */
export interface HistoryFilter {
  readonly rule?: string | undefined;
  readonly subject?: string | undefined;
  readonly fromUs?: number | undefined;
  readonly toUs?: number | undefined;
  readonly limit: number;
}

/** Open alerts in memory, all of them in `gateway.db`: `save` writes what changed, inside its caller's transaction. */
export class AlertBook {
  readonly #open = new Map<number, KeptAlert>();
  readonly #changed = new Map<number, KeptAlert | undefined>();
  readonly #write: StatementSync;
  readonly #delete: StatementSync;
  readonly #prune: StatementSync;
  readonly #database: DatabaseSync;
  #nextId: number;
  /** Alerts that fired since the start. */
  fired = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#write = database.prepare(
      'INSERT OR REPLACE INTO alerts (id, rule, subject, state, since_us, alert) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#delete = database.prepare('DELETE FROM alerts WHERE id = ?');
    this.#prune = database.prepare(
      "DELETE FROM alerts WHERE state = 'resolved' AND id <= (SELECT max(id) FROM alerts) - ?",
    );
    for (const row of database.prepare("SELECT alert FROM alerts WHERE state <> 'resolved'").all()) {
      const alert = parseAlert(row['alert']);
      if (alert) this.#open.set(alert.id, alert);
    }
    // A number is never given twice, even after the pending alert that had it is gone.
    const stored = database.prepare("SELECT value FROM facts WHERE name = 'alertsNextId'").get();
    this.#nextId = Number(stored?.['value'] ?? 1);
  }

  open(): IterableIterator<KeptAlert> {
    return this.#open.values();
  }

  get(id: number): KeptAlert | undefined {
    return this.#open.get(id);
  }

  /** A condition has begun to hold. Answers the number of its alert. */
  begin(tracked: Tracked, { sinceUs, value }: Transition): number {
    const { rule } = tracked.booked;
    const id = this.#nextId++;
    this.#put({
      id,
      rule: rule.id,
      name: rule.name,
      severity: rule.severity,
      kind: rule.condition.kind,
      subject: tracked.subject,
      state: 'pending',
      sinceUs,
      firedAtUs: null,
      resolvedAtUs: null,
      value,
      unit: tracked.unit,
      message: alertMessage(rule.condition, tracked.subject, value, tracked.unit),
      acknowledged: null,
      late: tracked.lane === 'backlog',
    });
    return id;
  }

  /** It has held long enough. */
  fire(id: number, tracked: Tracked, { atUs, value }: Transition): KeptAlert | undefined {
    const alert = this.#open.get(id);
    if (!alert) return undefined;
    const message = alertMessage(tracked.booked.rule.condition, tracked.subject, value, tracked.unit);
    this.fired++;
    return this.#put({ ...alert, state: 'firing', firedAtUs: atUs, value, message });
  }

  /** It is over. Of one that never fired nothing stays. */
  end(id: number, atUs: number, value: number | null): KeptAlert | undefined {
    const alert = this.#open.get(id);
    if (!alert) return undefined;
    if (alert.state === 'firing') {
      const ended = this.#put({ ...alert, state: 'resolved', resolvedAtUs: atUs, value });
      this.#open.delete(id);
      return ended;
    }
    this.#open.delete(id);
    this.#changed.set(id, undefined);
    return undefined;
  }

  /** Somebody has seen it. Undefined where no such alert is open. */
  acknowledge(id: number, by: { by: string; atUs: number; note: string | null }): KeptAlert | undefined {
    const alert = this.#open.get(id);
    return alert && this.#put({ ...alert, acknowledged: by });
  }

  /** What fired, the newest first. Reads what has been saved. */
  history({ rule, subject, fromUs, toUs, limit }: HistoryFilter): KeptAlert[] {
    const rows = this.#database
      .prepare(
        `SELECT alert FROM alerts WHERE state <> 'pending'
           AND rule = coalesce(?, rule) AND subject = coalesce(?, subject) AND since_us >= ? AND since_us < ?
         ORDER BY id DESC LIMIT ?`,
      )
      .all(rule ?? null, subject ?? null, fromUs ?? 0, toUs ?? Number.MAX_SAFE_INTEGER, limit);
    return rows.map((row) => parseAlert(row['alert'])).filter((alert) => alert !== undefined);
  }

  /** Writes what changed; `saved` forgets it after the transaction. */
  save(): void {
    for (const [id, alert] of this.#changed) {
      if (!alert) this.#delete.run(id);
      else {
        const { rule, subject, state, sinceUs } = alert;
        this.#write.run(id, rule, subject, state, sinceUs, JSON.stringify(alert));
      }
    }
    if (this.#changed.size === 0) return;
    this.#prune.run(alertLimits.history);
    this.#database
      .prepare("INSERT OR REPLACE INTO facts (name, value) VALUES ('alertsNextId', ?)")
      .run(this.#nextId);
  }

  saved(): void {
    this.#changed.clear();
  }

  #put(alert: KeptAlert): KeptAlert {
    this.#open.set(alert.id, alert);
    this.#changed.set(alert.id, alert);
    return alert;
  }
}

/** Undefined where the row was written by another version, in another shape. */
function parseAlert(text: unknown): KeptAlert | undefined {
  const alert: unknown = { ...(JSON.parse(String(text)) as object), silenced: false };
  return Value.Check(Alert, alert) ? alert : undefined;
}
