import { randomBytes } from 'node:crypto';
import type { Journal, JournalRecord } from '@fieldline/journal';
import { decodeBatch, type Batch, type SensorBlock } from '@fieldline/protocol';
import { parseBatchKey } from './batch-key.ts';
import { openBlocksOf, payloadOf } from './sealed-record.ts';

/** Where the numbering and the account of the device go on. */
export interface OutboxState {
  readonly epoch: string;
  /** The seq of the next batch. */
  readonly nextSeq: number;
  /** The last sealed batch of this epoch or, where it was renewed, of the epoch before; none at first start. */
  readonly lastBatch: Batch | undefined;
  /** Windows that were open when it was sealed, and the last times of each sensor; none after damage. */
  readonly open: readonly SensorBlock[];
  /** Whether recovery discarded something, so that the epoch is a new one. */
  readonly renewed: boolean;
  /** Everything below this offset was acknowledged or dropped when the last batch was sealed. */
  readonly doneBelow: number;
}

const scanBytes = 1024 * 1024;

/**
 * Finds the last sealed batch and goes on after it. The epoch is renewed when recovery discarded anything: a
 * discarded batch may have been sent, and its seq must never name other content.
 */
export async function recoverState(journal: Journal): Promise<OutboxState> {
  const last = await lastSealedBatch(journal);
  const { tailTorn, discardedBytes, discardedRecordsAtLeast } = journal.recovery;
  const damaged = tailTorn || discardedBytes > 0 || discardedRecordsAtLeast > 0;
  if (last === undefined) {
    return { epoch: newEpoch(), nextSeq: 1, lastBatch: undefined, open: [], renewed: damaged, doneBelow: 0 };
  }
  const { batch } = last;
  const doneBelow = parseBatchKey(last.record.key)?.doneBelow ?? 0;
  // A torn tail was never durable, so never sent; a batch lost to damage may have closed these windows.
  const isTailOnly = discardedRecordsAtLeast === 0;
  const open = isTailOnly ? openBlocksOf(last.record) : [];
  const found = { lastBatch: batch, open, doneBelow };
  if (damaged) return { ...found, epoch: newEpoch(), nextSeq: 1, renewed: true };
  return { ...found, epoch: batch.epoch, nextSeq: batch.seq + 1, renewed: false };
}

/** 12 random bytes, base64url: devices and restarts never meet in one. */
export function newEpoch(): string {
  return randomBytes(12).toString('base64url');
}

interface LastSealed {
  readonly record: JournalRecord;
  readonly batch: Batch;
}

/** Steps back from the end, twice as far each time, until there are records; offsets may have holes. */
async function lastSealedBatch(journal: Journal): Promise<LastSealed | undefined> {
  const { firstOffset, nextOffset } = journal;
  for (let back = 1; firstOffset < nextOffset; back *= 2) {
    const from = Math.max(firstOffset, nextOffset - back);
    const found = await lastSealedFrom(journal, from);
    if (found !== undefined || from === firstOffset) return found;
  }
  return undefined;
}

async function lastSealedFrom(journal: Journal, from: number): Promise<LastSealed | undefined> {
  let offset = from;
  let found: LastSealed | undefined;
  for (;;) {
    const records = await journal.read(offset, { maxBytes: scanBytes });
    const last = records.at(-1);
    if (last === undefined) return found;
    for (const record of records) {
      if (parseBatchKey(record.key)?.carried !== false) continue;
      const decoded = decodeBatch(payloadOf(record));
      if (decoded.ok) found = { record, batch: decoded.value };
    }
    offset = last.offset + 1;
  }
}
