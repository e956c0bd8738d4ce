import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { AlertDelivery } from '@fieldline/protocol';
import { Value } from 'typebox/value';
import { alertLimits } from '../alert-tables.ts';
import type { AlertNotice } from './channel.ts';

/** A message that has to go out. */
export interface WaitingDelivery {
  readonly id: number;
  readonly channel: string;
  readonly notice: AlertNotice;
  readonly attempts: AlertDelivery['attempts'];
  readonly deadlineUs: number;
  readonly nextAtUs: number;
}

/** Attempts kept of one delivery, the newest. */
const attemptsMax = 50;

/** Every message about an alert with its attempts, in `gateway.db`. */
export class DeliveryBook {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #oldest: StatementSync;
  readonly #update: StatementSync;
  readonly #waiting: StatementSync;
  /** Attempts since the start, by `channel\noutcome`: delivered, retried or failed. */
  readonly counts = new Map<string, number>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insert = database.prepare(
      `INSERT INTO alert_deliveries
         (alert, channel, event, state, created_at_us, deadline_us, next_at_us, message, attempts)
       VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?, '[]')`,
    );
    this.#oldest = database.prepare(
      "SELECT * FROM alert_deliveries WHERE state = 'waiting' AND channel = ? ORDER BY id LIMIT 1",
    );
    this.#update = database.prepare(
      'UPDATE alert_deliveries SET state = ?, attempts = ?, next_at_us = ? WHERE id = ?',
    );
    this.#waiting = database.prepare("SELECT DISTINCT channel FROM alert_deliveries WHERE state = 'waiting'");
  }

  /** Puts a message in the queue of its channel. Part of the transaction that the caller has open. */
  enqueue(
    channel: string,
    notice: Omit<AlertNotice, 'delivery'>,
    times: { nowUs: number; deadlineUs: number },
  ): number {
    const { nowUs, deadlineUs } = times;
    const message = JSON.stringify(notice);
    const { lastInsertRowid } = this.#insert.run(
      notice.alert.id,
      channel,
      notice.event,
      nowUs,
      deadlineUs,
      nowUs,
      message,
    );
    const id = Number(lastInsertRowid);
    if (id % 100 === 0) this.#prune();
    return id;
  }

  channelsWaiting(): string[] {
    return this.#waiting.all().map(({ channel }) => String(channel));
  }

  oldestWaiting(channel: string): WaitingDelivery | undefined {
    const row = this.#oldest.get(channel);
    if (!row) return undefined;
    const id = Number(row['id']);
    // Written by `enqueue` alone.
    const notice = JSON.parse(String(row['message'])) as Omit<AlertNotice, 'delivery'>;
    return {
      id,
      channel,
      notice: { delivery: id, ...notice },
      attempts: JSON.parse(String(row['attempts'])) as AlertDelivery['attempts'],
      deadlineUs: Number(row['deadline_us']),
      nextAtUs: Number(row['next_at_us']),
    };
  }

  /** Notes an attempt, and what is to become of the message. */
  attempted(
    delivery: WaitingDelivery,
    after: {
      readonly state: AlertDelivery['state'];
      readonly attempt: AlertDelivery['attempts'][number];
      readonly nextAtUs: number;
    },
  ): void {
    const attempts = [...delivery.attempts, after.attempt].slice(-attemptsMax);
    this.#update.run(after.state, JSON.stringify(attempts), after.nextAtUs, delivery.id);
    const outcome = after.state === 'waiting' ? 'retried' : after.state;
    const key = `${delivery.channel}\n${outcome}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  /** The newest first, of all alerts or of one. */
  list(limit: number, alert?: number): AlertDelivery[] {
    const rows = this.#database
      .prepare('SELECT * FROM alert_deliveries WHERE alert = coalesce(?, alert) ORDER BY id DESC LIMIT ?')
      .all(alert ?? null, limit);
    return rows.map(readRow).filter((delivery) => delivery !== undefined);
  }

  #prune(): void {
    this.#database
      .prepare(
        `DELETE FROM alert_deliveries
         WHERE state <> 'waiting' AND id <= (SELECT max(id) FROM alert_deliveries) - ?`,
      )
      .run(alertLimits.deliveries);
  }
}

function readRow(row: Record<string, unknown>): AlertDelivery | undefined {
  const delivery: unknown = {
    id: Number(row['id']),
    alert: Number(row['alert']),
    channel: row['channel'],
    event: row['event'],
    state: row['state'],
    createdAtUs: Number(row['created_at_us']),
    deadlineUs: Number(row['deadline_us']),
    attempts: JSON.parse(String(row['attempts'])) as unknown,
  };
  return Value.Check(AlertDelivery, delivery) ? delivery : undefined;
}
