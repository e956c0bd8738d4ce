import type { Journal, JournalRecord } from '@fieldline/journal';
import {
  countReadings,
  decodeBatch,
  type Batch,
  type DroppedRange,
  type SensorBlock,
} from '@fieldline/protocol';
import { parseBatchKey } from './batch-key.ts';
import { payloadOf } from './sealed-record.ts';

/** Batches that will never be sent, and how the next batch says so. */
export interface Drops {
  readonly offsets: readonly number[];
  /** Ranges of seq of this epoch, oldest first. */
  readonly ranges: readonly DroppedRange[];
  /** By sensor: the times between which readings are missing now, µs UTC. */
  readonly gaps: ReadonlyMap<string, { fromUs: number; toUs: number }>;
  /** Batches of which the gateway may have a copy: they are moved, not dropped. */
  readonly carry: readonly JournalRecord[];
}

/** What decides on drops. */
export interface DropRequest {
  readonly journal: Journal;
  readonly fromOffset: number;
  readonly epoch: string;
  /** Bytes to free; not positive where only age counts. */
  readonly excessBytes: number;
  /** Batches appended before this (µs UTC) go in any case. */
  readonly olderThanUs: number | undefined;
  /** What happens to a record; decides finally. */
  select(record: JournalRecord): 'drop' | 'carry' | 'skip' | 'stop';
}

/** The reason under which batches are declared dropped. */
export const outboxFull = 'outbox-full';
/** Each time some more than the excess goes, so that the next batches find room. */
const slackShare = 0.05;
const readBytes = 1024 * 1024;
/** Ranges of one declaration: more wait for the next batch. */
const batchesMax = 5000;

/** Chooses the oldest batches until enough bytes are freed and none is too old. */
export async function chooseDrops(request: DropRequest): Promise<Drops> {
  const chosen = new DropCollector(request.epoch);
  const { excessBytes, olderThanUs = Number.NEGATIVE_INFINITY } = request;
  const goalBytes = excessBytes > 0 ? excessBytes * (1 + slackShare) + readBytes * slackShare : 0;
  let freedBytes = 0;
  let offset = request.fromOffset;
  while (chosen.offsets.length < batchesMax) {
    const records = await request.journal.read(offset, { maxBytes: readBytes });
    if (records.length === 0) return chosen.finish();
    for (const record of records) {
      if (freedBytes >= goalBytes && record.appendedAtUs >= olderThanUs) return chosen.finish();
      const verdict = request.select(record);
      if (verdict === 'stop') return chosen.finish();
      if (verdict === 'carry') chosen.carry.push(record);
      if (verdict === 'drop') chosen.add(record);
      if (verdict !== 'skip') freedBytes += record.value.length;
      offset = record.offset + 1;
    }
  }
  return chosen.finish();
}

class DropCollector {
  readonly offsets: number[] = [];
  readonly carry: JournalRecord[] = [];
  readonly #ranges: DroppedRange[] = [];
  readonly #gaps = new Map<string, { fromUs: number; toUs: number }>();
  readonly #epoch: string;

  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  add(record: JournalRecord): void {
    this.offsets.push(record.offset);
    const decoded = decodeBatch(payloadOf(record));
    if (!decoded.ok) return;
    this.#noteTimes(decoded.value);
    // A declaration speaks of its own epoch only: batches of an older one stay listed as missing.
    if (parseBatchKey(record.key)?.epoch === this.#epoch) this.#declare(decoded.value);
  }

  finish(): Drops {
    const { offsets, carry } = this;
    return { offsets, carry, gaps: this.#gaps, ranges: mergeRanges(this.#ranges) };
  }

  /** What a dropped batch had declared itself goes into the new declaration. */
  #declare(batch: Batch): void {
    const counts = Object.fromEntries(countReadings(batch));
    this.#ranges.push(...(batch.dropped ?? []), [batch.seq, batch.seq, outboxFull, counts]);
  }

  #noteTimes(batch: Batch): void {
    for (const block of batch.sensors) {
      const [from, to] = blockTimes(block);
      if (from === undefined || to === undefined) continue;
      const known = this.#gaps.get(block.sensor) ?? { fromUs: from, toUs: to };
      this.#gaps.set(block.sensor, { fromUs: Math.min(known.fromUs, from), toUs: Math.max(known.toUs, to) });
    }
  }
}

function blockTimes(block: SensorBlock): [from: number | undefined, to: number | undefined] {
  if (block.kind === 'readings') return [block.t[0], block.t.at(-1)];
  if (block.kind === 'windows') return [block.start[0], block.end.at(-1)];
  return [block.from[0], block.to.at(-1)];
}

/** Joins ranges that follow one another for the same reason; counts add up. */
function mergeRanges(ranges: readonly DroppedRange[]): DroppedRange[] {
  const merged: [number, number, string, Record<string, number>][] = [];
  for (const [from, to, reason, counts] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last?.[1] !== from - 1 || last[2] !== reason) {
      merged.push([from, to, reason, { ...counts }]);
      continue;
    }
    last[1] = to;
    for (const [name, count] of Object.entries(counts)) last[3][name] = (last[3][name] ?? 0) + count;
  }
  return merged;
}
