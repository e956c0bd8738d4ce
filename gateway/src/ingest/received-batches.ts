import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Batch } from '@fieldline/protocol';
import { parseRanges, SeqRanges } from './seq-ranges.ts';

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
  /** How many there are, in the database or not yet. */
  count: number;
}

interface Epoch {
  readonly ranges: SeqRanges;
  /** Digests that are not in the database yet. */
  readonly fresh: Map<number, string>;
  changed: boolean;
}

interface UnderWay {
  readonly digest: string;
  readonly stored: Promise<unknown>;
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
  readonly #underWay = new Map<string, UnderWay>();
  readonly #statements: Record<'range' | 'ranges' | 'digest' | 'insert' | 'prune' | 'forget', StatementSync>;
  /** Counts the saves, so that a restart knows which epochs were used last. */
  #saves: number;

  constructor(database: DatabaseSync, limits: ReceivedLimits) {
    this.#limits = limits;
    this.#statements = {
      range: database.prepare(
        'INSERT OR REPLACE INTO received (device, epoch, ranges, used) VALUES (?, ?, ?, ?)',
      ),
      ranges: database.prepare('SELECT ranges FROM received WHERE device = ? AND epoch = ?'),
      digest: database.prepare('SELECT digest FROM digests WHERE device = ? AND epoch = ? AND seq = ?'),
      insert: database.prepare(
        'INSERT OR IGNORE INTO digests (device, epoch, seq, digest) VALUES (?, ?, ?, ?)',
      ),
      prune: database.prepare('DELETE FROM digests WHERE device = ? AND epoch = ? AND seq <= ?'),
      forget: database.prepare('DELETE FROM digests WHERE device = ? AND epoch = ?'),
    };
    for (const { device, n } of database
      .prepare('SELECT device, count(*) AS n FROM received GROUP BY 1')
      .all())
      this.#epochs(String(device)).count = Number(n);
    const newest = database.prepare(
      `SELECT device, epoch, ranges FROM
         (SELECT *, row_number() OVER (PARTITION BY device ORDER BY used DESC) AS n FROM received)
       WHERE n <= ? ORDER BY used`,
    );
    for (const row of newest.all(openEpochsMax)) {
      const ranges = new SeqRanges(parseRanges(String(row.ranges)));
      this.#epochs(String(row.device)).open.set(String(row.epoch), newEpoch(ranges));
    }
    this.#saves = Number(database.prepare('SELECT max(used) AS used FROM received').get()?.used ?? 0);
  }

  /** What to do with a batch of this name and content. */
  recognise(batch: Batch, digest: string): Recognition {
    const underWay = this.#underWay.get(nameOf(batch));
    if (underWay)
      return this.#compare(batch, digest, underWay.digest, { kind: 'underWay', stored: underWay.stored });
    const epoch = this.#find(batch.device, batch.epoch);
    if (epoch?.ranges.has(batch.seq)) {
      const known = epoch.fresh.get(batch.seq) ?? this.#readDigest(batch);
      return this.#compare(batch, digest, known, { kind: 'duplicate' });
    }
    return this.#checkLimits(batch, epoch);
  }

  /** Whether a batch of this name is in the journal. */
  has(device: string, epoch: string, seq: number): boolean {
    return this.#find(device, epoch)?.ranges.has(seq) ?? false;
  }

  /** Remembers that an append of this batch runs, until `stored` settles. */
  begin(batch: Batch, digest: string, stored: Promise<unknown>): void {
    const name = nameOf(batch);
    this.#underWay.set(name, { digest, stored });
    const forget = () => this.#underWay.delete(name);
    stored.then(forget, forget);
  }

  /** This batch is durable in the journal. */
  record(batch: Batch, digest: string): void {
    const epochs = this.#epochs(batch.device);
    const known = this.#find(batch.device, batch.epoch);
    if (!known) epochs.count += 1;
    const epoch = known ?? newEpoch(new SeqRanges());
    epochs.open.delete(batch.epoch);
    epochs.open.set(batch.epoch, epoch);
    epoch.ranges.add(batch.seq);
    epoch.fresh.set(batch.seq, digest);
    epoch.changed = true;
  }

  /** Writes what changed since the last `saved`; runs in the caller's transaction. */
  save(): void {
    this.#saves += 1;
    for (const [device, { open }] of this.#devices) {
      for (const [epoch, state] of open) if (state.changed) this.#saveEpoch(device, epoch, state);
      for (const epoch of surplusOf(open)) this.#statements.forget.run(device, epoch);
    }
  }

  /** That transaction has succeeded, and nothing was recorded since. */
  saved(): void {
    for (const { open } of this.#devices.values()) {
      for (const epoch of surplusOf(open)) open.delete(epoch);
      for (const state of open.values()) {
        if (!state.changed) continue;
        state.fresh.clear();
        state.changed = false;
      }
    }
  }

  #saveEpoch(device: string, epoch: string, state: Epoch): void {
    this.#statements.range.run(device, epoch, JSON.stringify(state.ranges.toArray()), this.#saves);
    for (const [seq, digest] of state.fresh) this.#statements.insert.run(device, epoch, seq, digest);
    this.#statements.prune.run(device, epoch, state.ranges.last - this.#limits.digestsPerEpoch);
  }

  #compare(batch: Batch, digest: string, known: string | undefined, same: Recognition): Recognition {
    if (known === undefined || known === digest) return same;
    return {
      kind: 'refused',
      code: 'SEQ_CONFLICT',
      detail: `${batch.device}, epoch ${batch.epoch}, seq ${batch.seq}.`,
    };
  }

  #checkLimits(batch: Batch, epoch: Epoch | undefined): Recognition {
    const { epochsPerDevice, rangesPerEpoch } = this.#limits;
    if (!epoch && (this.#devices.get(batch.device)?.count ?? 0) >= epochsPerDevice) {
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
    return { kind: 'new' };
  }

  #readDigest({ device, epoch, seq }: Batch): string | undefined {
    const row = this.#statements.digest.get(device, epoch, seq);
    return typeof row?.digest === 'string' ? row.digest : undefined;
  }

  /** The epoch, from memory or from the database; undefined where nothing of it was ever received. */
  #find(device: string, epoch: string): Epoch | undefined {
    const epochs = this.#devices.get(device);
    const open = epochs?.open.get(epoch);
    if (open || !epochs || epochs.count <= epochs.open.size) return open;
    const row = this.#statements.ranges.get(device, epoch);
    if (!row) return undefined;
    const found = newEpoch(new SeqRanges(parseRanges(String(row.ranges))));
    epochs.open.set(epoch, found);
    return found;
  }

  #epochs(device: string): DeviceEpochs {
    const known = this.#devices.get(device);
    if (known) return known;
    const epochs: DeviceEpochs = { open: new Map(), count: 0 };
    this.#devices.set(device, epochs);
    return epochs;
  }
}

/** Epochs that leave the memory: those beyond the newest. */
function surplusOf(open: ReadonlyMap<string, Epoch>): string[] {
  return open.size <= openEpochsMax ? [] : [...open.keys()].slice(0, open.size - openEpochsMax);
}

function newEpoch(ranges: SeqRanges): Epoch {
  return { ranges, fresh: new Map(), changed: false };
}

/** Device ids hold no blank, so that the name is unambiguous. */
function nameOf({ device, epoch, seq }: Batch): string {
  return `${device} ${seq} ${epoch}`;
}
