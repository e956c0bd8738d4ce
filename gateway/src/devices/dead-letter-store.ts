import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DeadLetter } from '@fieldline/protocol';
import type { Clock } from '../clock.ts';
import type { DeadLetters, NewDeadLetter } from '../parts.ts';

/** Longest text kept of a reason: it may quote what a peer sent. */
const detailCharsMax = 500;

/** Rows above the limit at which the oldest are removed in one go. */
const pruneEvery = 100;

/** What can never be stored, in `gateway.db`: the newest `lettersMax`, each with its first bytes. */
export class DeadLetterStore implements DeadLetters {
  readonly #clock: Clock;
  readonly #limits: { readonly lettersMax: number; readonly payloadBytes: number };
  readonly #insert: StatementSync;
  readonly #prune: StatementSync;
  readonly #select: StatementSync;
  readonly #counts = new Map<string, number>();
  #sincePrune = pruneEvery;

  constructor(database: DatabaseSync, options: { clock: Clock; lettersMax: number; payloadBytes: number }) {
    this.#clock = options.clock;
    this.#limits = options;
    this.#insert = database.prepare(
      `INSERT INTO dead_letters (at_us, device, topic, code, detail, size_bytes, payload)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#prune = database.prepare(
      'DELETE FROM dead_letters WHERE id <= (SELECT max(id) FROM dead_letters) - ?',
    );
    this.#select = database.prepare(
      `SELECT id, at_us AS atUs, device, topic, code, detail, size_bytes AS sizeBytes, payload
       FROM dead_letters ORDER BY id DESC LIMIT ?`,
    );
  }

  add(letter: NewDeadLetter): void {
    this.#counts.set(letter.code, (this.#counts.get(letter.code) ?? 0) + 1);
    this.#insert.run(
      this.#clock.nowUs(),
      letter.device,
      letter.topic.slice(0, detailCharsMax),
      letter.code,
      letter.detail.slice(0, detailCharsMax),
      letter.sizeBytes,
      letter.payload.subarray(0, this.#limits.payloadBytes),
    );
    this.#sincePrune += 1;
    if (this.#sincePrune < pruneEvery) return;
    this.#sincePrune = 0;
    this.#prune.run(this.#limits.lettersMax);
  }

  list(limit: number): DeadLetter[] {
    return this.#select.all(limit).map((row) => ({
      id: Number(row.id),
      atUs: Number(row.atUs),
      device: String(row.device),
      topic: String(row.topic),
      code: String(row.code),
      detail: String(row.detail),
      sizeBytes: Number(row.sizeBytes),
      payload: row.payload instanceof Uint8Array ? Buffer.from(row.payload).toString('base64url') : '',
    }));
  }

  /** Dead letters since the start, by code. */
  counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}
