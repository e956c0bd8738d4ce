import type { Journal, JournalRecord } from '@fieldline/journal';
import {
  countReadings,
  decodeBatch,
  type Batch,
  type DroppedRange,
  type SensorBlock,
} from '@fieldline/protocol';
import { parseBatchKey } from './batch-key.ts';
import { clockFloorUs } from '../bindings/time-sources.ts';
import { payloadOf } from './sealed-record.ts';
import { Thinner, thinned } from './thin.ts';

/** Batches that will never be sent, and how the next batch says so. */
export interface Drops {
  readonly offsets: readonly number[];
  /** Ranges of seq of this epoch, oldest first. */
  readonly ranges: readonly DroppedRange[];
  /** By sensor: the times between which readings are missing now, µs UTC. */
  readonly gaps: ReadonlyMap<string, { fromUs: number; toUs: number }>;
  /** Coarser windows of what the batches held that are declared `thinned`: they go with the declaration. */
  readonly blocks: readonly SensorBlock[];
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
  readonly maxBytes: number;
  /** Batches appended before this (µs UTC) go in any case. */
  readonly olderThanUs: number | undefined;
  /** Whether a batch may live on as coarser windows: the gateway cannot have it. None may where this is absent. */
  readonly mayThin?: (record: JournalRecord, batch: Batch) => boolean;
  /** What happens to a record; decides finally. */
  select(record: JournalRecord): 'drop' | 'carry' | 'skip' | 'stop';
}

/** The reason under which batches are declared dropped. */
export const outboxFull = 'outbox-full';
/** Each time so much more than the excess goes, as a share of the limit, so that the next batches find room. */
const slackShare = 0.15;
const slackBytesMax = 52_429;
const readBytes = 1024 * 1024;
/** Ranges of one declaration: more wait for the next batch. */
const batchesMax = 5000;
/** Rows that one declaration thins: more waits for the next one. */
const thinnedRowsMax = 10_000;

/** Chooses the oldest batches until enough bytes are freed and none is too old. */
export async function chooseDrops(request: DropRequest): Promise<Drops> {
  const chosen = new DropCollector(request);
  const { excessBytes, maxBytes, olderThanUs = Number.NEGATIVE_INFINITY } = request;
  const slackBytes = Math.min(slackBytesMax, maxBytes * slackShare);
  const goalBytes = excessBytes > 0 ? excessBytes + slackBytes : 0;
  let freedBytes = 0;
  let carriedBytes = 0;
  let offset = request.fromOffset;
  for (;;) {
    const records = await request.journal.read(offset, { maxBytes: readBytes });
    if (records.length === 0) return chosen.finish();
    for (const record of records) {
      // Before the time was known records were stamped since the boot: their age is not known.
      const isOld = record.appendedAtUs < olderThanUs && record.appendedAtUs >= clockFloorUs;
      // Carrying frees no room, and costs as much writing: it is bounded likewise.
      const isEnough = Math.max(freedBytes, carriedBytes) >= goalBytes && !isOld;
      if (isEnough) return chosen.finish();
      const verdict = request.select(record);
      if (verdict === 'stop') return chosen.finish();
      if (verdict === 'carry') chosen.carry.push(record);
      if (verdict === 'drop') chosen.add(record, isOld);
      if (verdict === 'drop') freedBytes += record.value.length;
      if (verdict === 'carry') carriedBytes += record.value.length;
      offset = record.offset + 1;
      if (chosen.isFull) return chosen.finish();
    }
  }
}

/** Readings that live on in the batch that declares this, by `sensor/quantity`. */
export function thinnedCounts(ranges: readonly DroppedRange[] = []): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, , reason, byName] of ranges) {
    if (reason !== thinned) continue;
    for (const [name, count] of Object.entries(byName)) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return counts;
}

class DropCollector {
  readonly offsets: number[] = [];
  readonly carry: JournalRecord[] = [];
  readonly #ranges: DroppedRange[] = [];
  readonly #gaps = new Map<string, { fromUs: number; toUs: number }>();
  readonly #request: DropRequest;
  readonly #thinner = new Thinner();

  constructor(request: DropRequest) {
    this.#request = request;
  }

  get isFull(): boolean {
    const batches = this.offsets.length + this.carry.length;
    return batches >= batchesMax || this.#thinner.rows >= thinnedRowsMax;
  }

  add(record: JournalRecord, isOld: boolean): void {
    this.offsets.push(record.offset);
    const decoded = decodeBatch(payloadOf(record));
    if (!decoded.ok) return;
    const { epoch, mayThin } = this.#request;
    const batch = decoded.value;
    // A declaration speaks of its own epoch only: batches of an older one stay listed as missing.
    const isOwn = parseBatchKey(record.key)?.epoch === epoch;
    if (isOwn && !isOld && mayThin?.(record, batch) === true && this.#thinner.add(batch)) {
      this.#declare(batch, thinned);
      return;
    }
    this.#noteTimes(batch);
    if (isOwn) this.#declare(batch, outboxFull);
  }

  finish(): Drops {
    const { offsets, carry } = this;
    const blocks = this.#thinner.finish();
    return { offsets, carry, gaps: this.#gaps, ranges: mergeRanges(this.#ranges), blocks };
  }

  /**
   * What a dropped batch had declared itself goes into the new declaration. What it had thinned is counted in
   * the batches that it names, and goes on, or is lost, with it.
   */
  #declare(batch: Batch, reason: string): void {
    const counts = countReadings(batch);
    for (const [name, count] of thinnedCounts(batch.dropped))
      counts.set(name, (counts.get(name) ?? 0) - count);
    for (const [from, to, earlier, lost] of batch.dropped ?? []) {
      this.#ranges.push([from, to, earlier === thinned ? reason : earlier, lost]);
    }
    this.#ranges.push([batch.seq, batch.seq, reason, Object.fromEntries(counts)]);
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

/** The first and the last time of a block, µs UTC. */
export function blockTimes(block: SensorBlock): [from: number | undefined, to: number | undefined] {
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
