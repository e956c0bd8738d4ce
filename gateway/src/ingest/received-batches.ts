import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Batch } from '@fieldline/protocol';
import type { BatchDigest } from './batch-digest.ts';
import { DigestBlocks, type EpochDigests, type EpochName } from './digest-blocks.ts';
import { parseRanges, SeqRanges } from './seq-ranges.ts';
import { UnderWayAppends, type UnderWay } from './under-way-appends.ts';

/** What is known of a batch's name before it is stored. */
export type Recognition =
  | { readonly kind: 'new' }
  /** Durable already: acknowledge it, store nothing. */
  | { readonly kind: 'duplicate' }
  /** Being made durable now: acknowledge it when that has succeeded. */
  | { readonly kind: 'underWay'; readonly stored: Promise<unknown> }
  | {
      readonly kind: 'refused';
      readonly code: 'SEQ_CONFLICT' | 'EPOCH_LIMIT' | 'RANGE_LIMIT';
      readonly detail: string;
    };

/** Epochs of one device that are held in memory; older ones are read from the database when one of them is named. */
const openEpochsMax = 16;

interface DeviceEpochs {
  /** Those in memory, the one used last at the end. */
  readonly open: Map<string, Epoch>;
  /** The one at the end, where a batch was recorded last. */
  newest: Epoch | undefined;
  /** How many there are of which something was stored, in the database or not yet. */
  count: number;
}

interface Epoch {
  readonly ranges: SeqRanges;
  readonly digests: EpochDigests;
  readonly device: string;
  readonly name: string;
  /** Batches that are being made durable, by seq. */
  readonly underWay: UnderWayAppends;
  changed: boolean;
}

/** How much is remembered; see `GatewayLimits`. */
export interface ReceivedLimits {
  readonly epochsPerDevice: number;
  readonly rangesPerEpoch: number;
  readonly digestsPerEpoch: number;
}

/**
 * Which batches the gateway has, by (device, epoch, seq): ranges, since lanes deliver out of order, and a
 * digest for each of the newest `digestsPerEpoch`. What is older than those counts as a duplicate unseen. A
 * device goes through many epochs in the years: all are known for good, by a few bytes of ranges each in the
 * database; memory and digests hold its newest few.
 *
 * `record` follows the journal, in its order; `save` writes what `record` has seen, in the transaction of
 * the caller, so that a restart replays the journal from that point.
 */
export class ReceivedBatches {
  readonly #limits: ReceivedLimits;
  readonly #devices = new Map<string, DeviceEpochs>();
  readonly #digests: DigestBlocks;
  readonly #statements: Record<'write' | 'read', StatementSync>;
  /** The epoch that was found last: batches of one device mostly come one after another. */
  #latest: Epoch | undefined;
  /** Counts the saves, so that a restart knows which epochs were used last. */
  #saves: number;

  constructor(database: DatabaseSync, limits: ReceivedLimits) {
    this.#limits = limits;
    this.#digests = new DigestBlocks(database);
    this.#statements = {
      write: database.prepare(
        'INSERT OR REPLACE INTO received (device, epoch, ranges, used) VALUES (?, ?, ?, ?)',
      ),
      read: database.prepare('SELECT ranges FROM received WHERE device = ? AND epoch = ?'),
    };
    const counts = database.prepare('SELECT device, count(*) AS n FROM received GROUP BY 1');
    for (const { device, n } of counts.all()) this.#epochs(String(device)).count = Number(n);
    const newest = database.prepare(
      `SELECT device, epoch, ranges FROM
         (SELECT *, row_number() OVER (PARTITION BY device ORDER BY used DESC) AS n FROM received)
       WHERE n <= ? ORDER BY used`,
    );
    for (const row of newest.all(openEpochsMax)) {
      const ranges = new SeqRanges(parseRanges(String(row.ranges)));
      this.#begin(String(row.device), String(row.epoch), ranges);
    }
    this.#saves = Number(database.prepare('SELECT max(used) AS used FROM received').get()?.used ?? 0);
  }

  /** What to do with a batch of this name and content. */
  recognise(batch: Batch, digest: BatchDigest): Recognition {
    const epoch = this.#find(batch);
    const underWay = epoch?.underWay.get(batch.seq);
    if (underWay) {
      if (underWay.digest !== digest) return conflict(batch);
      return { kind: 'underWay', stored: underWay.stored };
    }
    if (epoch?.ranges.has(batch.seq)) {
      const known = epoch.digests.get(batch.seq);
      return known === undefined || known === digest ? isDuplicate : conflict(batch);
    }
    return this.#checkLimits(batch, epoch);
  }

  /** Whether a batch of this name is in the journal. */
  has(device: string, epoch: string, seq: number): boolean {
    return this.#find({ device, epoch })?.ranges.has(seq) ?? false;
  }

  /** Remembers that an append of this batch runs, until `ended`. */
  begin(batch: Batch, append: UnderWay): void {
    this.#epoch(batch).underWay.begin(batch.seq, append);
  }

  /** The append of this batch has ended. */
  ended(batch: Batch): void {
    const epoch = this.#epoch(batch);
    epoch.underWay.end(batch.seq);
    // An epoch of which nothing was stored must not count against the limit of epochs.
    if (epoch.underWay.size === 0 && epoch.ranges.count === 0) {
      this.#devices.get(batch.device)?.open.delete(batch.epoch);
      this.#latest = undefined;
    }
  }

  /** This batch is durable in the journal. */
  record(batch: Batch, digest: BatchDigest): void {
    const epoch = this.#epoch(batch);
    const epochs = this.#epochs(batch.device);
    if (epoch.ranges.count === 0) epochs.count += 1;
    if (epochs.newest !== epoch) {
      epochs.open.delete(batch.epoch);
      epochs.open.set(batch.epoch, epoch);
      epochs.newest = epoch;
    }
    epoch.ranges.add(batch.seq);
    epoch.digests.set(batch.seq, digest);
    epoch.changed = true;
  }

  /** Writes what changed since the last `saved`; runs in the caller's transaction. */
  save(): void {
    this.#saves += 1;
    for (const [device, { open }] of this.#devices) {
      for (const [epoch, state] of open) if (state.changed) this.#saveEpoch(device, epoch, state);
      for (const epoch of surplusOf(open)) open.get(epoch)?.digests.forget();
    }
  }

  /** That transaction has succeeded, and nothing was recorded since. */
  saved(): void {
    this.#latest = undefined;
    for (const { open } of this.#devices.values()) {
      for (const epoch of surplusOf(open)) open.delete(epoch);
      for (const state of open.values()) {
        if (!state.changed) continue;
        state.digests.saved(state.ranges.last);
        state.changed = false;
      }
    }
  }

  #saveEpoch(device: string, epoch: string, state: Epoch): void {
    this.#statements.write.run(device, epoch, JSON.stringify(state.ranges.toArray()), this.#saves);
    state.digests.save(state.ranges.last - this.#limits.digestsPerEpoch);
  }

  #checkLimits(batch: Batch, epoch: Epoch | undefined): Recognition {
    const { epochsPerDevice, rangesPerEpoch } = this.#limits;
    if (!epoch && countOf(this.#devices.get(batch.device)) >= epochsPerDevice) {
      return {
        kind: 'refused',
        code: 'EPOCH_LIMIT',
        detail: `${batch.device} has ${epochsPerDevice} epochs.`,
      };
    }
    if (epoch && epoch.ranges.count >= rangesPerEpoch && epoch.ranges.wouldSplit(batch.seq)) {
      const detail = `${batch.device}, epoch ${batch.epoch} has ${rangesPerEpoch} pieces.`;
      return { kind: 'refused', code: 'RANGE_LIMIT', detail };
    }
    return isNew;
  }

  #epoch(name: EpochName): Epoch {
    return this.#find(name) ?? this.#begin(name.device, name.epoch, new SeqRanges());
  }

  /** The epoch, from memory or from the database; undefined where nothing of it was ever received. */
  #find({ device, epoch }: EpochName): Epoch | undefined {
    const latest = this.#latest;
    if (latest?.name === epoch && latest.device === device) return latest;
    const epochs = this.#devices.get(device);
    const open = epochs?.open.get(epoch);
    if (open) this.#latest = open;
    if (open || !epochs || epochs.count === 0) return open;
    const row = this.#statements.read.get(device, epoch);
    return row && this.#begin(device, epoch, new SeqRanges(parseRanges(String(row.ranges))));
  }

  #begin(device: string, epoch: string, ranges: SeqRanges): Epoch {
    const digests = this.#digests.of({ device, epoch });
    const fresh: Epoch = {
      device,
      name: epoch,
      ranges,
      digests,
      underWay: new UnderWayAppends(),
      changed: false,
    };
    const epochs = this.#epochs(device);
    epochs.open.set(epoch, fresh);
    epochs.newest = undefined;
    return fresh;
  }

  #epochs(device: string): DeviceEpochs {
    const known = this.#devices.get(device);
    if (known) return known;
    const epochs: DeviceEpochs = { open: new Map(), newest: undefined, count: 0 };
    this.#devices.set(device, epochs);
    return epochs;
  }
}

/** Epochs that leave the memory: those beyond the newest, unless an append of theirs runs. */
function surplusOf(open: ReadonlyMap<string, Epoch>): string[] {
  if (open.size <= openEpochsMax) return [];
  const oldest = [...open].slice(0, open.size - openEpochsMax);
  return oldest.filter(([, { underWay }]) => underWay.size === 0).map(([epoch]) => epoch);
}

/** Epochs of a device, with those of which the first batch is being made durable. */
function countOf(epochs: DeviceEpochs | undefined): number {
  if (!epochs) return 0;
  let count = epochs.count;
  for (const { ranges } of epochs.open.values()) if (ranges.count === 0) count += 1;
  return count;
}

const isNew: Recognition = { kind: 'new' };
const isDuplicate: Recognition = { kind: 'duplicate' };

function conflict({ device, epoch, seq }: Batch): Recognition {
  return { kind: 'refused', code: 'SEQ_CONFLICT', detail: `${device}, epoch ${epoch}, seq ${seq}.` };
}
