import { FieldlineError } from '@fieldline/protocol';
import { EpochAccount, type AccountedBatch, type EpochSnapshot, type EpochStream } from './epoch-account.ts';
import { addCount, type Counts } from './run.ts';

/** Everything of a device that a snapshot keeps. */
export interface DeviceAccountSnapshot {
  readonly epochs: readonly [string, EpochSnapshot][];
  readonly committed: readonly [string, number][];
}

/** The account of one device: its epochs, and what the primary store has said that it stored. */
export class DeviceAccount {
  readonly epochs = new Map<string, EpochAccount>();
  /** Readings by `sensor/quantity` in the batches that the primary store has committed. */
  committed: Counts = new Map();
  /** Every `sensor/quantity` that any batch carried or named. */
  readonly streamNames = new Set<string>();
  /** Changed since the last snapshot. */
  changed = false;

  epoch(name: string): EpochAccount {
    const known = this.epochs.get(name);
    if (known) return known;
    const fresh = new EpochAccount();
    this.epochs.set(name, fresh);
    return fresh;
  }

  record(epoch: string, batch: AccountedBatch): void {
    this.epoch(epoch).record(batch);
    for (const stream of batch.counts.keys()) this.streamNames.add(stream);
    for (const stream of Object.keys(batch.ledger)) this.streamNames.add(stream);
    for (const [, , , counts] of batch.dropped) {
      for (const stream of Object.keys(counts)) this.streamNames.add(stream);
    }
    this.changed = true;
  }

  commit(counts: ReadonlyMap<string, number>): void {
    for (const [stream, count] of counts) addCount(this.committed, stream, count);
    this.changed = true;
  }

  /**
   * The account over all epochs, by stream. Windows that were open when a newer epoch began will never
   * close: their readings are lost.
   */
  streams(): Map<string, EpochStream> {
    const current = this.#currentEpoch();
    const rows = new Map<string, EpochStream>();
    for (const [name, epoch] of this.epochs) {
      for (const [stream, row] of epoch.streams()) {
        const settled = name === current ? row : { ...row, open: 0, lost: row.lost + row.open };
        rows.set(stream, addRows(rows.get(stream), settled));
      }
    }
    return rows;
  }

  snapshot(): DeviceAccountSnapshot {
    return {
      epochs: [...this.epochs].map(([name, epoch]) => [name, epoch.snapshot()]),
      committed: [...this.committed],
    };
  }

  /** Reads what `JSON.stringify(snapshot())` wrote; throws DATABASE_UNUSABLE for anything else. */
  static parse(json: string): DeviceAccount {
    const snapshot: unknown = JSON.parse(json);
    if (isSnapshot(snapshot)) return DeviceAccount.restore(snapshot);
    throw new FieldlineError('DATABASE_UNUSABLE', {
      subject: 'gateway.db',
      detail: 'An account cannot be read.',
    });
  }

  static restore(snapshot: DeviceAccountSnapshot): DeviceAccount {
    const account = new DeviceAccount();
    for (const [name, epoch] of snapshot.epochs) account.epochs.set(name, EpochAccount.restore(epoch));
    account.committed = new Map(snapshot.committed);
    for (const stream of account.streams().keys()) account.streamNames.add(stream);
    return account;
  }

  /** The epoch with the newest batch by the device's clock; of two equal ones the greater name. */
  #currentEpoch(): string | undefined {
    const newest = [...this.epochs].toSorted(
      ([a, left], [b, right]) => right.newestSentAtUs - left.newestSentAtUs || (a < b ? 1 : -1),
    );
    return newest[0]?.[0];
  }
}

/** The gateway alone writes these: its outline tells a snapshot from another version's. */
function isSnapshot(value: unknown): value is DeviceAccountSnapshot {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'epochs' in value && Array.isArray(value.epochs) && 'committed' in value && Array.isArray(value.committed)
  );
}

function addRows(sum: EpochStream | undefined, row: EpochStream): EpochStream {
  if (!sum) return { ...row };
  return {
    taken: sum.taken + row.taken,
    filtered: sum.filtered + row.filtered,
    refused: sum.refused + row.refused,
    lost: sum.lost + row.lost,
    open: sum.open + row.open,
    missing: sum.missing + row.missing,
    received: sum.received + row.received,
    differences: sum.differences + row.differences,
  };
}
