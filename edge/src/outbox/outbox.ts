import { openJournal, type Journal, type JournalRecord, type OpenJournalOptions } from '@fieldline/journal';
import { FieldlineError, type Batch, type SensorBlock } from '@fieldline/protocol';
import type { Clock } from '../bindings/clock.ts';
import type { Logger } from '../logger.ts';
import { batchKey, parseBatchKey } from './batch-key.ts';
import type { BatchQueue, SealedBatch } from './batch-queue.ts';
import { chooseDrops, type Drops } from './choose-drops.ts';
import type { WhenFull } from './when-full.ts';
import { OffsetRanges } from './offset-ranges.ts';
import { recoverState, type OutboxState } from './recover-state.ts';
import type { MemoryBatch } from './memory-queue.ts';
import { payloadOf, toSealedRecord } from './sealed-record.ts';
import { isDiskFailure, isUnwritable, unwritableJournal } from './unwritable-journal.ts';

/** How an outbox is kept. */
export interface OutboxOptions {
  readonly directory: string;
  readonly maxBytes: number;
  readonly maxAgeUs: number;
  /** What goes when there is no room; the oldest where this is absent. */
  readonly whenFull?: WhenFull;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The disk; tests put a failing one here. */
  readonly files?: OpenJournalOptions['files'];
}

/**
 * How often the cursor is written while batches are acknowledged. Each sealed batch says the same: a restart resends at
 * most what was acknowledged since the last one, or since the cursor where nothing was sealed.
 */
const cursorIntervalUs = 5_000_000;
/** How often the oldest batch is looked at for its age. */
const ageCheckIntervalUs = 60_000_000;
const segmentBytesMax = 4 * 1024 * 1024;
/** The part of the outbox that thinned windows may take before they are thinned again. */
const coarseShare = 0.5;
const acknowledgedCursor = 'acknowledged';
/** Batches below it, and the few that were sealed while it was written, may have been sent by an earlier run. */
const offeredCursor = 'offered';
/** Batches that may be sealed while the cursor is written. */
const offeredSlack = 8;

/**
 * The durable queue of sealed batches. A batch is named and made durable (`seal`) before anything of it is
 * sent; it is read and claimed for sending; it is forgotten when it is acknowledged. Batches that were never
 * sent may be dropped when the limits of bytes or age are reached: the next batch declares them.
 */
export class Outbox implements BatchQueue {
  /** Where recovery found the device. */
  readonly state: OutboxState;
  readonly #journal: Journal;
  #options: OutboxOptions;
  /** Acknowledged, or dropped and declared. */
  readonly #done = new OffsetRanges();
  /** Chosen to be dropped, until a sealed batch has declared it. */
  readonly #doomed = new OffsetRanges();
  /** Handed to the broker at least once by this process, and not acknowledged. */
  readonly #sent = new Set<number>();
  /** Bytes of batches that hold thinned windows: they are not thinned again while they take little room. */
  readonly #coarse = new Map<number, number>();
  /** Handed to the broker on the connection that is open now. */
  readonly #inFlight = new Set<number>();
  #nextSeq: number;
  #newestSealed = -1;
  #cursorWrittenUs = 0;
  #ageCheckedUs = 0;
  #droppedBatches = 0;
  /** Where this run began: it knows itself what it has sent of the batches from there on. */
  readonly #openedAt: number;

  /**
   * Opens it, whatever state it is in. On a disk that is full, read-only or broken it holds nothing, and nothing can be
   * sealed until the next start.
   */
  static async open(options: OutboxOptions): Promise<Outbox> {
    const { directory, logger } = options;
    const journal = await openOrGoOn(options);
    const state = await recoverState(journal);
    if (state.renewed) {
      const { discardedBytes, discardedRecordsAtLeast } = journal.recovery;
      const detail = `${discardedBytes} bytes, at least ${discardedRecordsAtLeast} records.`;
      const error = new FieldlineError('OUTBOX_EPOCH_RENEWED', { subject: directory, detail });
      logger.warn({ code: error.code, epoch: state.epoch }, error.message);
    }
    return new Outbox(options, journal, state);
  }

  private constructor(options: OutboxOptions, journal: Journal, state: OutboxState) {
    this.#options = options;
    this.#journal = journal;
    this.state = state;
    this.#nextSeq = state.nextSeq;
    this.#openedAt = journal.nextOffset;
    this.#ageCheckedUs = 0;
    const acknowledged = Math.max(journal.cursor(acknowledgedCursor) ?? 0, state.doneBelow);
    for (let offset = journal.firstOffset; offset < acknowledged; offset++) this.#done.add(offset);
  }

  /** Whether the previous run stopped in order, so that nothing was in its memory. */
  get closedCleanly(): boolean {
    return this.#journal.recovery.closedCleanly;
  }

  /** Whether its disk could not even be opened, so that nothing can be sealed before the next start. */
  get isUnwritable(): boolean {
    return isUnwritable(this.#journal);
  }

  /** The seq that the next sealed batch gets. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** The offset that the next sealed batch gets. */
  get nextOffset(): number {
    return this.#journal.nextOffset;
  }

  /** The oldest offset that is neither acknowledged nor dropped; `nextOffset` where all are. */
  get firstWaiting(): number {
    return Math.min(this.nextOffset, this.#done.nextMissing(this.#journal.firstOffset));
  }

  /** What this run has written to the disk, bytes. */
  get bytesWritten(): number {
    return this.#journal.stats().bytesWritten;
  }

  /** Goes on with other limits; what is beyond them is dropped at the next look. */
  changeLimits(limits: Pick<OutboxOptions, 'maxBytes' | 'maxAgeUs' | 'whenFull'>): void {
    this.#options = { ...this.#options, ...limits };
  }

  /** Counters for the command `stats`. */
  counters(): { sizeBytes: number; waitingBatchesMax: number; droppedBatches: number; nextSeq: number } {
    return {
      sizeBytes: this.#journal.stats().sizeBytes,
      waitingBatchesMax: this.nextOffset - this.firstWaiting,
      droppedBatches: this.#droppedBatches,
      nextSeq: this.#nextSeq,
    };
  }

  /**
   * Makes a batch durable under the next seq. Rejects with FieldlineError `JOURNAL_WRITE_FAILED` and uses up
   * no seq when the disk fails. `open`: what is open at this moment, kept beside the batch for a restart after
   * a crash. Never called concurrently.
   */
  async seal(batch: Batch, drops?: Drops, open?: readonly SensorBlock[]): Promise<void> {
    const { key, value } = toSealedRecord(batch, open, this.firstWaiting);
    const offset = await this.#journal.append(key, value);
    this.#nextSeq = batch.seq + 1;
    this.#newestSealed = offset;
    if (drops === undefined) return;
    if (drops.blocks.length > 0) this.#coarse.set(offset, value.length);
    for (const each of drops.offsets) {
      this.#done.add(each);
      this.#coarse.delete(each);
    }
    this.#droppedBatches += drops.offsets.length;
    await this.#trim();
  }

  /**
   * What has to be dropped to come back under the limits, or undefined. The answer goes into the next `seal`,
   * which declares and forgets it; meanwhile nothing of it is sent. Batches that were sent before are carried
   * to the end of the log instead, since the gateway may have them.
   */
  async overLimit(): Promise<Drops | undefined> {
    const { maxBytes, whenFull } = this.#options;
    const keepsOldest = whenFull === 'drop-newest';
    const excessBytes = this.#journal.stats().sizeBytes - maxBytes;
    const olderThanUs = this.#ageLimit();
    if (excessBytes <= 0 && olderThanUs === undefined) return undefined;
    await this.#trim();
    if (keepsOldest && olderThanUs === undefined) return undefined;
    const drops = await chooseDrops({
      journal: this.#journal,
      fromOffset: this.firstWaiting,
      epoch: this.state.epoch,
      excessBytes: keepsOldest ? 0 : this.#journal.stats().sizeBytes - maxBytes,
      ...(whenFull === 'thin' ? { mayThin: (record, batch) => this.#mayThin(record, batch) } : {}),
      maxBytes,
      olderThanUs,
      select: (record) => this.#select(record),
    });
    await this.#carryAll(drops.carry);
    if (drops.offsets.length === 0) return undefined;
    const detail = `${drops.offsets.length} batches.`;
    const error = new FieldlineError('OUTBOX_LIMIT', { subject: this.#options.directory, detail });
    this.#options.logger.warn({ code: error.code, batches: drops.offsets.length }, error.message);
    return drops;
  }

  /**
   * Keeps a batch that was sealed in memory while the disk failed, under its own name. Rejects as `seal` does.
   */
  async adopt({ epoch, seq, payload, wasSent }: MemoryBatch): Promise<void> {
    const offset = await this.#journal.append(batchKey({ epoch, seq }, true), payload);
    if (wasSent) this.#sent.add(offset);
  }

  /** Whether new batches have to wait until older ones are acknowledged; only with `drop-newest`. */
  get isClosed(): boolean {
    const { maxBytes, whenFull } = this.#options;
    return whenFull === 'drop-newest' && this.#journal.stats().sizeBytes > maxBytes;
  }

  /** Notes durably that what is sealed by now is about to be offered to the gateway. */
  async offer(): Promise<void> {
    // Never beyond the end: recovery would miss records there.
    await this.#journal.setCursor(offeredCursor, this.nextOffset);
  }

  /** The first sealed batch at or after `offset` that still waits, below `endOffset`; undefined where there is none. */
  async nextWaiting(offset: number, endOffset: number): Promise<SealedBatch | undefined> {
    let from = this.#skip(offset);
    while (from < endOffset) {
      const [record] = await this.#journal.read(from, { maxBytes: 1, maxRecords: 1 });
      if (record === undefined || record.offset >= endOffset) return undefined;
      if (record.offset > from) this.#passOver(from, record.offset);
      if (this.#isWaiting(record.offset)) return { offset: record.offset, payload: payloadOf(record) };
      from = this.#skip(record.offset);
    }
    return undefined;
  }

  /** What the journal passes over can never be sent: a hole of recovery, or damage that it quarantined. */
  #passOver(from: number, to: number): void {
    let holes = 0;
    for (let offset = from; offset < to; offset++) {
      if (this.#isWaiting(offset)) holes += 1;
      if (!this.#inFlight.has(offset)) this.#done.add(offset);
    }
    if (holes === 0) return;
    const detail = `Offsets ${from} to ${to - 1}.`;
    const error = new FieldlineError('OUTBOX_UNREADABLE_BATCH', { subject: this.#options.directory, detail });
    this.#options.logger.warn({ code: error.code, from, to }, error.message);
  }

  /** Claims a batch for sending; false where it was dropped or acknowledged in the meantime. */
  claim(offset: number): boolean {
    if (!this.#isWaiting(offset)) return false;
    this.#sent.add(offset);
    this.#inFlight.add(offset);
    return true;
  }

  /** The gateway has it, durably: it is forgotten. */
  acknowledge(offset: number): void {
    this.#sent.delete(offset);
    this.#inFlight.delete(offset);
    this.#coarse.delete(offset);
    this.#done.add(offset);
    const nowUs = this.#options.clock.nowUs();
    if (Math.abs(nowUs - this.#cursorWrittenUs) < cursorIntervalUs) return;
    this.#cursorWrittenUs = nowUs;
    this.#writeCursor().catch((cause: unknown) =>
      this.#options.logger.warn({ cause }, 'outbox cursor not written'),
    );
  }

  /** The connection ended: what was in flight waits again. */
  release(): void {
    this.#inFlight.clear();
  }

  /** Resolves once a batch at `offset` is sealed; with false on abort. */
  waitFor(offset: number, signal: AbortSignal): Promise<boolean> {
    return this.#journal.waitFor(offset, signal);
  }

  /** Writes what is acknowledged, and closes the journal. */
  async close(): Promise<void> {
    await this.#writeCursor().catch(() => undefined);
    await this.#journal.close();
  }

  #isWaiting(offset: number): boolean {
    return !this.#done.has(offset) && !this.#doomed.has(offset) && !this.#inFlight.has(offset);
  }

  /** The next offset that is not done, doomed or in flight. */
  #skip(offset: number): number {
    let next = offset;
    while (next < this.nextOffset && !this.#isWaiting(next)) {
      next = this.#inFlight.has(next) ? next + 1 : this.#doomed.nextMissing(this.#done.nextMissing(next));
    }
    return next;
  }

  /** Decides at once, since sending goes on beside: a batch once doomed is never claimed. */
  #select(record: JournalRecord): 'drop' | 'carry' | 'skip' | 'stop' {
    const { offset } = record;
    if (offset === this.#newestSealed || this.#inFlight.has(offset)) return 'stop';
    if (this.#done.has(offset) || this.#doomed.has(offset)) return 'skip';
    if (this.#sent.has(offset) || this.#keepsCoarse(offset)) return 'carry';
    this.#doomed.add(offset);
    return 'drop';
  }

  /** A batch of an earlier run may have been sent if it was sealed while there was a connection, or offered. */
  #mayThin({ offset }: JournalRecord, { lane }: Batch): boolean {
    if (offset >= this.#openedAt) return true;
    const offered = this.#journal.cursor(offeredCursor);
    return lane === 'backlog' && (offered === undefined || offset >= offered + offeredSlack);
  }

  /** What cannot be carried stays where it is: it holds its segment a little longer. */
  async #carryAll(records: readonly JournalRecord[]): Promise<void> {
    for (const record of records) {
      try {
        await this.#carry(record);
      } catch (cause) {
        this.#options.logger.warn({ cause: String(cause) }, 'a batch could not be carried to the end');
        return;
      }
    }
  }

  async #carry(record: JournalRecord): Promise<void> {
    if (this.#inFlight.has(record.offset) || this.#done.has(record.offset)) return;
    const name = parseBatchKey(record.key);
    if (name === undefined) return;
    // Claimed while it is copied, so that it is not sent from both places.
    this.#inFlight.add(record.offset);
    const offset = await this.#journal
      .append(batchKey(name, true), payloadOf(record))
      .finally(() => this.#inFlight.delete(record.offset));
    this.#done.add(record.offset);
    if (this.#sent.delete(record.offset)) this.#sent.add(offset);
    const coarseBytes = this.#coarse.get(record.offset);
    if (coarseBytes !== undefined) this.#coarse.set(offset, coarseBytes);
    this.#coarse.delete(record.offset);
  }

  #keepsCoarse(offset: number): boolean {
    if (this.#options.whenFull !== 'thin' || !this.#coarse.has(offset)) return false;
    let coarseBytes = 0;
    for (const bytes of this.#coarse.values()) coarseBytes += bytes;
    return coarseBytes < this.#options.maxBytes * coarseShare;
  }

  #ageLimit(): number | undefined {
    const nowUs = this.#options.clock.nowUs();
    if (Math.abs(nowUs - this.#ageCheckedUs) < ageCheckIntervalUs) return undefined;
    this.#ageCheckedUs = nowUs;
    return nowUs - this.#options.maxAgeUs;
  }

  async #writeCursor(): Promise<void> {
    await this.#journal.setCursor(acknowledgedCursor, this.firstWaiting);
    await this.#trim();
  }

  /** The newest sealed batch is always kept: it carries epoch, seq and totals over a restart. */
  async #trim(): Promise<void> {
    const keepFrom = Math.min(this.firstWaiting, Math.max(0, this.#newestSealed));
    try {
      await this.#journal.trim(keepFrom);
    } catch (cause) {
      // Old segments cost room; what was sealed is sealed.
      this.#options.logger.warn({ cause: String(cause) }, 'segments of the outbox cannot be removed');
      return;
    }
    this.#done.removeBelow(this.#journal.firstOffset);
    this.#doomed.removeBelow(this.#journal.firstOffset);
  }
}

async function openOrGoOn({ directory, maxBytes, clock, logger, files }: OutboxOptions): Promise<Journal> {
  const segmentBytes = Math.min(segmentBytesMax, Math.ceil(maxBytes / 8));
  const now = (): number => clock.nowUs();
  try {
    return await openJournal({ directory, segmentBytes, now, ...(files && { files }) });
  } catch (error) {
    if (!isDiskFailure(error)) throw error;
    const failure = new FieldlineError('OUTBOX_WRITE_FAILED', { subject: directory, cause: error });
    logger.error({ code: failure.code, cause: String(error) }, failure.message);
    return unwritableJournal(directory);
  }
}
