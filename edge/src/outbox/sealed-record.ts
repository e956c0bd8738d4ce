import type { JournalRecord } from '@fieldline/journal';
import { decodeBatch, encodeBatch, type Batch, type SensorBlock } from '@fieldline/protocol';
import { batchKey, parseBatchKey } from './batch-key.ts';

/** A record of the outbox as it is written: a batch, and behind it what was open when it was sealed. */
export interface SealedRecord {
  readonly key: string;
  readonly value: Uint8Array;
}

/**
 * Joins a batch and the open windows of the same moment into one record, so that a crash keeps both or
 * neither: windows that the batch closed can never be found open as well. The open windows are never sent. `doneBelow`:
 * the offset below which all is acknowledged; it costs no write of its own here.
 */
export function toSealedRecord(batch: Batch, open: readonly SensorBlock[] = [], doneBelow = 0): SealedRecord {
  const payload = encodeBatch(batch);
  if (open.length === 0) return { key: `${batchKey(batch)}//${doneBelow}`, value: payload };
  const { dropped: _dropped, anchor: _anchor, ...envelope } = batch;
  const trailer = encodeBatch({ ...envelope, sensors: open, ledger: {} });
  const value = new Uint8Array(payload.length + trailer.length);
  value.set(payload);
  value.set(trailer, payload.length);
  return { key: `${batchKey(batch)}/${payload.length}/${doneBelow}`, value };
}

/** The bytes of a record that are sent. */
export function payloadOf(record: JournalRecord): Uint8Array {
  return record.value.subarray(0, parseBatchKey(record.key)?.payloadBytes);
}

/** What was open when the batch of this record was sealed; nothing where it cannot be read. */
export function openBlocksOf(record: JournalRecord): readonly SensorBlock[] {
  const payloadBytes = parseBatchKey(record.key)?.payloadBytes;
  if (payloadBytes === undefined) return [];
  const decoded = decodeBatch(record.value.subarray(payloadBytes));
  return decoded.ok ? decoded.value.sensors : [];
}
