import { createHash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DeadLetter } from '@fieldline/protocol';
import type { Clock } from '../clock.ts';
import { durably, inTransaction } from '../home/gateway-database.ts';
import type { DeadLetterFilter, DeadLetters, NewDeadLetter } from '../parts.ts';
import { isReplayable, toDeadLetter } from './dead-letter-row.ts';

/** Longest text kept of a reason: it may quote what a peer sent. */
const detailCharsMax = 500;

/** Rows above a limit at which the oldest are removed in one go. */
const pruneEvery = 100;

/** Letters that one pass cuts to their first bytes when the whole ones take too much room. */
const cutAtOnce = 100;

/** The share of all letters that one device may have: its oldest go first. */
const deviceShare = 1 / 4;

/** How much is kept. */
export interface DeadLetterLimits {
  readonly lettersMax: number;
  /** First bytes that every letter keeps. */
  readonly payloadBytes: number;
  /** Bytes of all letters together: as long as there is room, they keep their payloads whole. */
  readonly storeBytes: number;
}

interface Waiting {
  readonly letter: NewDeadLetter;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

/**
 * What can never be stored, in `gateway.db`: the newest `lettersMax`, each with its reason. The same payload
 * refused again for the same reason raises the count of its letter. Payloads are kept whole, so that they can be
 * replayed, until `storeBytes` are full: then the oldest are cut to their first bytes.
 */
export class DeadLetterStore implements DeadLetters {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #limits: DeadLetterLimits;
  readonly #statements: Record<
    'insert' | 'prune' | 'pruneDevice' | 'get' | 'payload' | 'remove' | 'explain' | 'cut' | 'bytes',
    StatementSync
  >;
  readonly #counts = new Map<string, number>();
  #waiting: Waiting[] = [];
  #sincePrune = pruneEvery;
  #keptBytes = 0;
  #ofDevice = new Map<string, Map<string, number>>();

  constructor(database: DatabaseSync, options: DeadLetterLimits & { clock: Clock }) {
    this.#database = database;
    this.#clock = options.clock;
    this.#limits = options;
    this.#statements = prepare(database);
    this.recount();
  }

  add(letter: NewDeadLetter): void {
    this.#write([letter]);
  }

  /** Letters that come together are written together: a flood of bad messages costs one sync for many. */
  addSoon(letter: NewDeadLetter): Promise<void> {
    if (this.#waiting.length === 0) setImmediate(() => this.#flush());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ letter, resolve, reject });
    });
  }

  /** Writes a letter in the transaction of the caller, who calls `recount` where that fails. */
  insert(letter: NewDeadLetter): void {
    const { payloadBytes, storeBytes } = this.#limits;
    const { device, code, sizeBytes } = letter;
    const isWhole = letter.payload.byteLength === sizeBytes && sizeBytes <= storeBytes;
    const payload = isWhole ? letter.payload : letter.payload.subarray(0, payloadBytes);
    const digest = digestOf(letter);
    const atUs = this.#clock.nowUs();
    const row = this.#statements.insert.get(
      ...[atUs, atUs, device, letter.topic.slice(0, detailCharsMax), code],
      ...[letter.detail.slice(0, detailCharsMax), sizeBytes, digest, isWhole ? 1 : 0, payload],
    );
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    if (Number(row?.count) > 1) return;
    this.#keptBytes += payload.byteLength;
    this.#countOf(device, code, 1);
    this.#sincePrune += 1;
    this.#keepWithin(device);
  }

  list({ device, code, before, limit }: DeadLetterFilter): DeadLetter[] {
    const rows = this.#database
      .prepare(
        `SELECT id, at_us, last_at_us, device, topic, code, detail, size_bytes, count, is_whole,
           substr(payload, 1, ?) AS payload
         FROM dead_letters
         WHERE (? IS NULL OR device = ?) AND (? IS NULL OR code = ?) AND id < ?
         ORDER BY id DESC LIMIT ?`,
      )
      .all(
        ...[this.#limits.payloadBytes, device ?? null, device ?? null, code ?? null, code ?? null],
        ...[before ?? Number.MAX_SAFE_INTEGER, limit],
      );
    return rows.map(toDeadLetter);
  }

  get(id: number): DeadLetter | undefined {
    const row = this.#statements.get.get(this.#limits.payloadBytes, id);
    return row && toDeadLetter(row);
  }

  payload(id: number): { readonly payload: Uint8Array; readonly isReplayable: boolean } | undefined {
    const row = this.#statements.payload.get(id);
    if (!(row?.payload instanceof Uint8Array)) return undefined;
    return { payload: row.payload, isReplayable: isReplayable(row) };
  }

  remove(id: number): boolean {
    const row = this.#statements.remove.get(id);
    if (!row) return false;
    this.#keptBytes -= Number(row.kept_bytes);
    this.#countOf(String(row.device), String(row.code), -1);
    return true;
  }

  explain(id: number, { code, detail }: { readonly code: string; readonly detail: string }): void {
    this.#statements.explain.run(code, detail.slice(0, detailCharsMax), id);
    this.recount();
  }

  ofDevice(device: string): ReadonlyMap<string, number> {
    return this.#ofDevice.get(device) ?? new Map();
  }

  /** Dead letters since the start, by code. */
  counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Counts anew what is kept. */
  recount(): void {
    this.#keptBytes = Number(this.#statements.bytes.get()?.bytes ?? 0);
    this.#ofDevice = new Map();
    const rows = this.#database
      .prepare('SELECT device, code, count(*) AS n FROM dead_letters GROUP BY 1, 2')
      .all();
    for (const { device, code, n } of rows) this.#countOf(String(device), String(code), Number(n));
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      this.#write(waiting.map(({ letter }) => letter));
      for (const { resolve } of waiting) resolve();
    } catch (cause) {
      for (const { reject } of waiting) reject(cause);
    }
  }

  /** Not even a power cut takes it back: the device forgets what is acknowledged. */
  #write(letters: readonly NewDeadLetter[]): void {
    try {
      durably(this.#database, () =>
        inTransaction(this.#database, () => {
          for (const letter of letters) this.insert(letter);
        }),
      );
    } catch (error) {
      this.recount();
      throw error;
    }
  }

  #keepWithin(device: string): void {
    const { lettersMax, storeBytes, payloadBytes } = this.#limits;
    const deviceMax = Math.max(1, Math.floor(lettersMax * deviceShare));
    if (sumOf(this.#ofDevice.get(device)) >= deviceMax + pruneEvery) {
      this.#statements.pruneDevice.run(device, device, deviceMax);
      this.recount();
    }
    if (this.#sincePrune >= pruneEvery) {
      this.#sincePrune = 0;
      if (Number(this.#statements.prune.run(lettersMax).changes) > 0) this.recount();
    }
    while (this.#keptBytes > storeBytes) {
      const { changes } = this.#statements.cut.run(payloadBytes, payloadBytes, cutAtOnce);
      if (Number(changes) === 0) break;
      this.#keptBytes = Number(this.#statements.bytes.get()?.bytes ?? 0);
    }
  }

  #countOf(device: string, code: string, by: number): void {
    const codes = this.#ofDevice.get(device) ?? new Map<string, number>();
    const count = (codes.get(code) ?? 0) + by;
    if (count > 0) codes.set(code, count);
    else codes.delete(code);
    if (codes.size > 0) this.#ofDevice.set(device, codes);
    else this.#ofDevice.delete(device);
  }
}

/** Of the topic as well: a bare number says nothing without it. */
function digestOf({ topic, payload }: NewDeadLetter): string {
  return createHash('sha256').update(`${topic}\n`).update(payload).digest('base64url').slice(0, 22);
}

function sumOf(counts: ReadonlyMap<string, number> = new Map()): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function prepare(database: DatabaseSync) {
  return {
    insert: database.prepare(
      `INSERT INTO dead_letters
         (at_us, last_at_us, device, topic, code, detail, size_bytes, digest, is_whole, payload)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (device, code, digest) DO UPDATE SET
         count = count + 1, last_at_us = excluded.last_at_us, detail = excluded.detail
       RETURNING count`,
    ),
    prune: database.prepare(
      'DELETE FROM dead_letters WHERE id <= (SELECT id FROM dead_letters ORDER BY id DESC LIMIT 1 OFFSET ?)',
    ),
    pruneDevice: database.prepare(
      `DELETE FROM dead_letters WHERE device = ? AND id <=
         (SELECT id FROM dead_letters WHERE device = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`,
    ),
    get: database.prepare(
      `SELECT id, at_us, last_at_us, device, topic, code, detail, size_bytes, count, is_whole,
         substr(payload, 1, ?) AS payload FROM dead_letters WHERE id = ?`,
    ),
    payload: database.prepare('SELECT payload, code, is_whole FROM dead_letters WHERE id = ?'),
    remove: database.prepare(
      'DELETE FROM dead_letters WHERE id = ? RETURNING device, code, length(payload) AS kept_bytes',
    ),
    explain: database.prepare('UPDATE OR REPLACE dead_letters SET code = ?, detail = ? WHERE id = ?'),
    cut: database.prepare(
      `UPDATE dead_letters SET payload = substr(payload, 1, ?), is_whole = 0 WHERE id IN
         (SELECT id FROM dead_letters WHERE length(payload) > ? ORDER BY id LIMIT ?)`,
    ),
    bytes: database.prepare('SELECT sum(length(payload)) AS bytes FROM dead_letters'),
  };
}
