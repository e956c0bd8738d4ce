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
 * digest for each of the newest `digestsPerEpoch`. What is older than those counts as a duplicate unseen.
 *
 * `record` follows the journal, in its order; `save` writes what `record` has seen, in the transaction of
 * the caller, so that a restart replays the journal from that point.
 */
export class ReceivedBatches {
  readonly #limits: ReceivedLimits;
  readonly #devices = new Map<string, Map<string, Epoch>>();
  readonly #underWay = new Map<string, UnderWay>();
  readonly #statements: Record<'range' | 'digest' | 'insert' | 'prune', StatementSync>;

  constructor(database: DatabaseSync, limits: ReceivedLimits) {
    this.#limits = limits;
    this.#statements = {
      range: database.prepare('INSERT OR REPLACE INTO received (device, epoch, ranges) VALUES (?, ?, ?)'),
      digest: database.prepare('SELECT digest FROM digests WHERE device = ? AND epoch = ? AND seq = ?'),
      insert: database.prepare(
        'INSERT OR IGNORE INTO digests (device, epoch, seq, digest) VALUES (?, ?, ?, ?)',
      ),
      prune: database.prepare('DELETE FROM digests WHERE device = ? AND epoch = ? AND seq <= ?'),
    };
    for (const row of database.prepare('SELECT device, epoch, ranges FROM received').all()) {
      const ranges = new SeqRanges(parseRanges(String(row.ranges)));
      this.#epochs(String(row.device)).set(String(row.epoch), newEpoch(ranges));
    }
  }

  /** What to do with a batch of this name and content. */
  recognise(batch: Batch, digest: string): Recognition {
    const underWay = this.#underWay.get(nameOf(batch));
    if (underWay)
      return this.#compare(batch, digest, underWay.digest, { kind: 'underWay', stored: underWay.stored });
    const epochs = this.#devices.get(batch.device);
    const epoch = epochs?.get(batch.epoch);
    if (epoch?.ranges.has(batch.seq)) {
      const known = epoch.fresh.get(batch.seq) ?? this.#readDigest(batch);
      return this.#compare(batch, digest, known, { kind: 'duplicate' });
    }
    return this.#checkLimits(batch, epochs, epoch);
  }

  /** Whether a batch of this name is in the journal. */
  has(device: string, epoch: string, seq: number): boolean {
    return this.#devices.get(device)?.get(epoch)?.ranges.has(seq) ?? false;
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
    const epoch = epochs.get(batch.epoch) ?? newEpoch(new SeqRanges());
    epochs.set(batch.epoch, epoch);
    epoch.ranges.add(batch.seq);
    epoch.fresh.set(batch.seq, digest);
    epoch.changed = true;
  }

  /** Writes what changed since the last `saved`; runs in the caller's transaction. */
  save(): void {
    for (const [device, epoch, state] of this.#changed()) this.#saveEpoch(device, epoch, state);
  }

  /** That transaction has succeeded, and nothing was recorded since. */
  saved(): void {
    for (const [, , state] of this.#changed()) {
      state.fresh.clear();
      state.changed = false;
    }
  }

  *#changed(): Generator<[device: string, epoch: string, Epoch]> {
    for (const [device, epochs] of this.#devices) {
      for (const [epoch, state] of epochs) if (state.changed) yield [device, epoch, state];
    }
  }

  #saveEpoch(device: string, epoch: string, state: Epoch): void {
    this.#statements.range.run(device, epoch, JSON.stringify(state.ranges.toArray()));
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

  #checkLimits(batch: Batch, epochs: Map<string, Epoch> | undefined, epoch: Epoch | undefined): Recognition {
    const { epochsPerDevice, rangesPerEpoch } = this.#limits;
    if (!epoch && (epochs?.size ?? 0) >= epochsPerDevice) {
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

  #epochs(device: string): Map<string, Epoch> {
    const known = this.#devices.get(device);
    if (known) return known;
    const epochs = new Map<string, Epoch>();
    this.#devices.set(device, epochs);
    return epochs;
  }
}

function newEpoch(ranges: SeqRanges): Epoch {
  return { ranges, fresh: new Map(), changed: false };
}

/** Device ids hold no blank, so that the name is unambiguous. */
function nameOf({ device, epoch, seq }: Batch): string {
  return `${device} ${seq} ${epoch}`;
}
