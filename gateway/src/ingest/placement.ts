import type { DatabaseSync } from 'node:sqlite';
import { batchTopic, decodeBatch, type Batch, type ErrorCode } from '@fieldline/protocol';
import type { Clock } from '../clock.ts';
import type { GatewayLimits } from '../config/gateway-config.ts';
import type { DeadLetterStore } from '../devices/dead-letter-store.ts';
import { durably, inTransaction } from '../home/gateway-database.ts';
import type { BatchLog } from '../journal/batch-log.ts';
import type { JournalAccount } from '../ledger/journal-account.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BurstLog } from '../logging/burst-log.ts';
import type { Counter } from '../parts.ts';
import type { IngestStatistics } from './ingest-statistics.ts';
import { isUnplaced, placeBatch, type Anchor } from './place-batch.ts';
import { implausibleTime } from './plausible-times.ts';
import type { WaitingBatch, WaitingBatches } from './waiting-batches.ts';

/** What placing stands on. */
export interface PlacementParts {
  readonly waiting: WaitingBatches;
  readonly log: BatchLog;
  readonly account: JournalAccount;
  readonly ledger: Ledger;
  readonly deadLetters: Pick<DeadLetterStore, 'insert' | 'recount'>;
  readonly database: DatabaseSync;
  readonly statistics: IngestStatistics;
  readonly bursts: BurstLog;
  readonly clock: Clock;
  readonly limits: Pick<GatewayLimits, 'inflatedBytes' | 'futureTimeUs' | 'anchorWaitUs'>;
}

/**
 * Gives waiting batches their times as soon as their anchor is known: the placed batch is journaled behind all
 * others, under its own name, and stores take that record in the place of the first. What has waited beyond
 * `limits.anchorWait`, or would lie at times that cannot be right, becomes a dead letter.
 *
 * ```
 * journal:  … [seq 7, unset] … [seq 9, anchor] … [seq 7, placed] …
 *               └─ waits ───────────┴──► placed ────┘
 * ```
 */
export class Placement {
  readonly #parts: PlacementParts;
  #running: Promise<void> = Promise.resolve();
  #isQueued = false;

  constructor(parts: PlacementParts) {
    this.#parts = parts;
  }

  /** Looks for what can be placed, and for what has waited too long. Never rejects; one run at a time. */
  run(): Promise<void> {
    if (this.#isQueued || this.#parts.waiting.size === 0) return this.#running;
    this.#isQueued = true;
    this.#running = this.#running
      .then(() => {
        this.#isQueued = false;
        return this.#runOnce();
      })
      .catch((error: unknown) => this.#report(error));
    return this.#running;
  }

  /** A batch that was given up waits once more: its dead letter is replayed. False where it was not given up. */
  waitAgain(batch: Batch): boolean {
    const { waiting, database, ledger, account, clock } = this.#parts;
    if (!isUnplaced(batch) || !ledger.isQuarantined(batch)) return false;
    waiting.add(batch, clock.nowUs());
    let unquarantined = (): void => undefined;
    try {
      durably(database, () =>
        inTransaction(database, () => {
          waiting.save();
          unquarantined = ledger.unquarantine(batch);
        }),
      );
    } catch (error) {
      // On a full disk it stays given up: were it placed all the same, it would be counted twice.
      waiting.remove(batch);
      throw error;
    }
    unquarantined();
    account.touch();
    void this.run();
    return true;
  }

  counters(): Counter[] {
    const { size, bytes } = this.#parts.waiting;
    return [
      {
        name: 'fieldline_ingest_waiting_batches',
        help: 'Batches that wait for their device to tell the time.',
        kind: 'gauge',
        samples: [{ labels: {}, value: size }],
      },
      {
        name: 'fieldline_ingest_waiting_bytes',
        help: 'Bytes of batches that wait for their device to tell the time.',
        kind: 'gauge',
        samples: [{ labels: {}, value: bytes }],
      },
    ];
  }

  async #runOnce(): Promise<void> {
    const { waiting, clock, limits } = this.#parts;
    for (const each of waiting.placeable()) await this.#place(each.waiting, each.anchor);
    const late = waiting.olderThan(clock.nowUs() - limits.anchorWaitUs);
    for (const each of late) {
      const since = new Date(each.receivedAtUs / 1000).toISOString();
      this.#quarantine(each, 'CLOCK_ANCHOR_MISSING', `Boot ${each.bootId}, received at ${since}.`);
    }
  }

  async #place(each: WaitingBatch, anchor: Anchor): Promise<void> {
    const { log, account, clock, limits } = this.#parts;
    const batch = this.#read(each);
    if (!batch) return;
    const placed = placeBatch(batch, anchor);
    const implausible = implausibleTime(placed, { nowUs: clock.nowUs(), futureUs: limits.futureTimeUs });
    if (implausible === undefined) {
      await log.appendPlaced(placed).then((offset) => account.recordPlaced(offset, placed));
    } else {
      this.#quarantine(each, 'CLOCK_IMPLAUSIBLE', implausible);
    }
  }

  /** What the database cannot give back is quarantined like what has waited too long: it must be seen. */
  #read(each: WaitingBatch): Batch | undefined {
    const payload = this.#parts.waiting.payload(each);
    const decoded = payload && decodeBatch(payload, this.#parts.limits);
    if (decoded?.ok) return decoded.value;
    this.#quarantine(each, 'BATCH_UNDECODABLE', 'It can no longer be read from gateway.db.');
    return undefined;
  }

  /** Dead letter, account and the end of the waiting are durable together, or not at all. */
  #quarantine(each: WaitingBatch, code: ErrorCode, detail: string): void {
    const { waiting, database, deadLetters, ledger, account, statistics, bursts } = this.#parts;
    const { device } = each;
    const payload = waiting.payload(each) ?? new Uint8Array(0);
    const letter = { device, topic: batchTopic(device), code, detail, payload, sizeBytes: each.sizeBytes };
    try {
      durably(database, () =>
        inTransaction(database, () => {
          deadLetters.insert(letter);
          ledger.writeQuarantined(each, each.counts);
          waiting.erase(each);
        }),
      );
    } catch (error) {
      deadLetters.recount();
      throw error;
    }
    waiting.remove(each);
    ledger.quarantined(each, each.counts);
    account.touch();
    statistics.refused(code);
    bursts.report(code, device, detail);
  }

  #report(error: unknown): void {
    const detail = error instanceof Error ? error.message : String(error);
    this.#parts.bursts.report('INGEST_UNAVAILABLE', 'waiting batches', detail, 'error');
  }
}
