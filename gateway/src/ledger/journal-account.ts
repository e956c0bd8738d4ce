import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Batch, LedgerAnswer } from '@fieldline/protocol';
import type { Clock } from '../clock.ts';
import { inTransaction } from '../home/gateway-database.ts';
import { digestOf, type BatchDigest } from '../ingest/batch-digest.ts';
import { isUnplaced } from '../ingest/place-batch.ts';
import type { ReceivedBatches } from '../ingest/received-batches.ts';
import type { WaitingBatches } from '../ingest/waiting-batches.ts';
import type { BatchLog, JournaledBatch } from '../journal/batch-log.ts';
import type { StoreAccount } from '../parts.ts';
import type { Store } from '../query/store.ts';
import type { BatchPlace } from './device-account.ts';
import type { Ledger } from './ledger.ts';

/** How much of the journal a replay holds in memory at a time. */
const replayLimit = { maxBytes: 4 * 1024 * 1024, maxRecords: 2000 } as const;

/** How often the answer looks for an instant in which nothing moves, and the pause between. */
const quietAttemptsMax = 5;
const quietPauseMs = 40;

/** The name under which the journal knows how far this account has been saved. */
const cursorName = 'account';

/** The offset up to which a saved account has seen the journal; 0 where none is saved. */
export function savedOffset(database: DatabaseSync): number {
  return Number(database.prepare("SELECT value FROM facts WHERE name = 'seenTo'").get()?.value ?? 0);
}

/** What the account keeps in step, and with what. */
export interface JournalAccountParts {
  readonly log: BatchLog;
  readonly ledger: Ledger;
  readonly received: ReceivedBatches;
  readonly waiting: WaitingBatches;
  readonly database: DatabaseSync;
  readonly clock: Clock;
}

/**
 * Keeps ledger and de-duplication in step with the journal. Both are in memory; `save` writes them together
 * with the offset up to which they have seen the journal, and `restore` reads them back and replays the rest,
 * so that after a kill at any moment they are what they were.
 */
export class JournalAccount implements StoreAccount {
  readonly #parts: JournalAccountParts;
  readonly #statements: Record<'fact' | 'account', StatementSync>;
  /** Every record below this has been seen. */
  #seenTo = 0;
  /** Every record below this is in the primary store. */
  #committedTo = 0;
  #changed = false;
  /** Devices whose first difference has been told. */
  readonly #told = new Set<string>();
  /** Called once a device and process, when its counters do not agree. */
  onDifference: (device: string, place: BatchPlace) => void = () => undefined;

  constructor(parts: JournalAccountParts) {
    this.#parts = parts;
    this.#statements = {
      fact: parts.database.prepare('INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)'),
      account: parts.database.prepare('INSERT OR REPLACE INTO accounts (device, account) VALUES (?, ?)'),
    };
  }

  /** Every record below this offset has been seen. */
  get seenTo(): number {
    return this.#seenTo;
  }

  /** Reads what was saved and replays the journal's records since; resolves with their number. */
  async restore(): Promise<number> {
    const { database, ledger, log } = this.#parts;
    for (const { device, account } of database.prepare('SELECT device, account FROM accounts').all()) {
      ledger.restoreFrom(String(device), String(account));
    }
    ledger.restoreRefusals();
    const facts = new Map(
      database
        .prepare('SELECT name, value FROM facts')
        .all()
        .map(({ name, value }) => [String(name), Number(value)]),
    );
    this.#seenTo = facts.get('seenTo') ?? 0;
    this.#committedTo = facts.get('committedTo') ?? 0;
    let replayed = 0;
    await forEachEntry(log, { from: this.#seenTo, to: log.nextOffset }, (entry) => {
      this.#replay(entry);
      replayed += 1;
    });
    this.#seenTo = Math.max(this.#seenTo, log.nextOffset);
    return replayed;
  }

  /**
   * This batch is durable at `offset`, since `receivedAtUs`. Called in the order of the journal. Where its
   * times count from a boot it waits, as long as it was not given up before.
   */
  record(offset: number, batch: Batch, digest: BatchDigest, receivedAtUs = this.#parts.clock.nowUs()): void {
    const { received, ledger, waiting } = this.#parts;
    if (batch.seq > 0) received.record(batch, digest);
    ledger.received({ batch, receivedAtUs });
    ledger.unrefused(batch, digest);
    if (batch.anchor) waiting.setAnchor(batch.device, batch.anchor.bootId, batch.anchor);
    if (isUnplaced(batch) && !ledger.isQuarantined(batch)) waiting.add(batch, receivedAtUs);
    this.#see(offset);
  }

  /** A batch that waited is durable at `offset` with its times placed. In the order of the journal. */
  recordPlaced(offset: number, batch: Batch): void {
    this.#parts.waiting.remove(batch);
    this.#see(offset);
  }

  /** Something beside the journal has changed what `save` writes. */
  touch(): void {
    this.#changed = true;
  }

  /**
   * The primary store may have got further than was saved here (a kill), or less far (it was lost, or another
   * store is the primary one now): what lies between is read from the journal. Of what the journal has let
   * go, a store that begins below it has nothing.
   */
  async resumedAt(offset: number): Promise<void> {
    const { ledger, log } = this.#parts;
    if (offset < this.#committedTo && offset < log.firstOffset) {
      ledger.resetCommitted();
    } else if (offset < this.#committedTo) {
      await forEachEntry(log, { from: offset, to: this.#committedTo }, (entry) => ledger.uncommitted(entry));
    } else {
      await forEachEntry(log, { from: this.#committedTo, to: offset }, (entry) => ledger.committed([entry]));
    }
    this.#committedTo = offset;
    this.#changed = true;
  }

  committed(entries: readonly JournaledBatch[]): void {
    const fresh = entries.filter(({ offset }) => offset >= this.#committedTo);
    const last = fresh.at(-1);
    if (!last) return;
    this.#parts.ledger.committed(fresh);
    this.#committedTo = last.offset + 1;
    this.#changed = true;
  }

  refused(part: { offset: number; stream: string; readings: number }): void {
    this.#parts.ledger.refusedByStore(part);
  }

  /** Writes what changed since the last call, all of it or nothing. */
  async save(): Promise<void> {
    if (!this.#changed) return;
    const { database, ledger, received, waiting, log } = this.#parts;
    ledger.closeOld();
    const changed = [...ledger.devices].filter(([, account]) => account.changed);
    inTransaction(database, () => {
      received.save();
      waiting.save();
      ledger.saveClosed();
      for (const [device, account] of changed) {
        this.#statements.account.run(device, JSON.stringify(account.snapshot()));
      }
      this.#statements.fact.run('seenTo', this.#seenTo);
      this.#statements.fact.run('committedTo', this.#committedTo);
    });
    // Only now: after a transaction that failed, the next one must write the same again.
    received.saved();
    waiting.saved();
    ledger.savedClosed();
    for (const [device, account] of changed) {
      account.changed = false;
      this.#tellDifference(device, account.firstDifference);
    }
    this.#changed = false;
    await log.setCursor(cursorName, Math.min(this.#seenTo, this.#committedTo));
  }

  #replay({ offset, batch, unplaced, isPlaced, receivedAtUs }: JournaledBatch): void {
    if (isPlaced) {
      this.recordPlaced(offset, batch);
      return;
    }
    const whole = unplaced ?? batch;
    this.record(offset, whole, digestOf(whole), receivedAtUs);
  }

  #tellDifference(device: string, place: BatchPlace | undefined): void {
    if (!place || this.#told.has(device)) return;
    this.#told.add(device);
    this.onDifference(device, place);
  }

  #see(offset: number): void {
    this.#seenTo = Math.max(this.#seenTo, offset + 1);
    this.#changed = true;
  }

  /**
   * The account, compared with the store's own counts. Looks for an instant in which journal and store agree
   * on how far they are, so that a write under way does not blur the comparison; under steady load, after a
   * few attempts, any count between what was committed and what was received is right.
   */
  async answer(store: Store, device?: string): Promise<LedgerAnswer> {
    for (let attempt = 1; ; attempt++) {
      const before = { seenTo: this.#seenTo, committedTo: this.#committedTo };
      const committedBefore = this.#parts.ledger.committedCounts();
      const counts = await store.counts().catch(() => undefined);
      const quiet =
        before.seenTo === before.committedTo &&
        before.seenTo === this.#seenTo &&
        before.committedTo === this.#committedTo;
      if (!quiet && counts && attempt < quietAttemptsMax) {
        await new Promise((resolve) => setTimeout(resolve, quietPauseMs));
        continue;
      }
      const atUs = this.#parts.clock.nowUs();
      return this.#parts.ledger.answer(
        { storeName: store.name, counts, committedBefore, quiet, atUs },
        device,
      );
    }
  }
}

async function forEachEntry(
  log: BatchLog,
  range: { readonly from: number; readonly to: number },
  visit: (entry: JournaledBatch) => void,
): Promise<void> {
  let next = range.from;
  while (next < range.to) {
    const entries = await log.read(next, replayLimit);
    if (entries.length === 0) return;
    for (const entry of entries) if (entry.offset < range.to) visit(entry);
    next = (entries.at(-1)?.offset ?? range.to) + 1;
  }
}
