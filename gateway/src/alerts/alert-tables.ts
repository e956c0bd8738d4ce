import type { DatabaseSync } from 'node:sqlite';

/**
 * Tables of rules, alerts and deliveries in `gateway.db`. They belong to this folder alone; a new column comes with a new
 * table or as a member of a JSON text, so that an older gateway can go back.
 */
const schema = `
  CREATE TABLE IF NOT EXISTS alert_rules (id TEXT PRIMARY KEY, rule TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS alert_tracks (
    rule TEXT NOT NULL, subject TEXT NOT NULL, lane TEXT NOT NULL, track TEXT NOT NULL,
    PRIMARY KEY (rule, subject, lane)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS alerts (
    id INTEGER PRIMARY KEY, rule TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL,
    since_us INTEGER NOT NULL, alert TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS alerts_by_state ON alerts (state);
  CREATE TABLE IF NOT EXISTS alert_silences (id INTEGER PRIMARY KEY AUTOINCREMENT, silence TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS alert_deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, alert INTEGER NOT NULL, channel TEXT NOT NULL, event TEXT NOT NULL,
    state TEXT NOT NULL, created_at_us INTEGER NOT NULL, deadline_us INTEGER NOT NULL,
    next_at_us INTEGER NOT NULL, message TEXT NOT NULL, attempts TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS alert_deliveries_waiting ON alert_deliveries (state, channel, id);
`;

/** Makes the tables where they are missing. */
export function openAlertTables(database: DatabaseSync): void {
  const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'alert_deliveries_waiting'").get();
  // A file that has them is opened without a write: the disk may be full.
  if (!known) database.exec(schema);
}

/** Everything that could grow, with its end. */
export const alertLimits = {
  rules: 500,
  silences: 1000,
  /** Subjects under all rules together that are followed at one time. */
  tracks: 50_000,
  /** Alerts kept, open ones aside: the oldest go first. */
  history: 10_000,
  deliveries: 10_000,
  /** Alerts or deliveries in one answer. */
  answer: 1000,
} as const;
