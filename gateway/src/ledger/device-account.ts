import { FieldlineError, type OneReadingBatch } from '@fieldline/protocol';
import type { ClosedEpochs } from './closed-epochs.ts';
import {
  addRows,
  EpochAccount,
  type AccountedBatch,
  type EpochSnapshot,
  type EpochStream,
} from './epoch-account.ts';
import { addCount, type Counts } from './run.ts';

/** Epochs whose account stays open: the newest ones, to which late batches may still come. */
const openEpochsMax = 16;

/** The same with those that miss batches, which are listed as long as there are no more than so many. */
const holedEpochsMax = 256;

/** Everything of a device that a snapshot keeps. */
export interface DeviceAccountSnapshot {
  readonly epochs: readonly [string, EpochSnapshot][];
  /** Sums over the epochs that are closed. */
  readonly closed?: readonly [string, EpochStream][];
  readonly committed: readonly [string, number][];
  readonly firstDifference?: BatchPlace | undefined;
}

/** A batch of a device. */
export interface BatchPlace {
  readonly epoch: string;
  readonly seq: number;
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
  readonly #closedEpochs: ClosedEpochs | undefined;
  #closed = new Map<string, EpochStream>();
  /** The same of epochs that are closed. */
  #closedDifference: BatchPlace | undefined;

  /** `closedEpochs`: where the accounts of old epochs are kept; none: they all stay open. */
  constructor(closedEpochs?: ClosedEpochs) {
    this.#closedEpochs = closedEpochs;
  }

  /** The open account of an epoch: made where there is none, and taken from the closed ones where it is there. */
  epoch(name: string): EpochAccount {
    const known = this.epochs.get(name);
    if (known) return known;
    const opened = this.#closedEpochs?.open(name);
    if (opened) {
      this.#sumUp(opened, -1);
      // The sums without it must be written whenever its own row is removed.
      this.changed = true;
    }
    const account = opened ?? new EpochAccount();
    this.epochs.set(name, account);
    return account;
  }

  record(epoch: string, batch: AccountedBatch): void {
    this.epoch(epoch).record(batch);
    batch.counts.forEach((_count, stream) => this.streamNames.add(stream));
    for (const stream in batch.ledger) this.streamNames.add(stream);
    for (const [, , , counts] of batch.dropped) {
      for (const stream of Object.keys(counts)) this.streamNames.add(stream);
    }
    this.changed = true;
  }

  /** The same for a batch of one reading that continues what is known; false, and nothing done, for any other. */
  recordOne(batch: OneReadingBatch): boolean {
    if (!this.streamNames.has(batch.outline.stream)) return false;
    if (!this.epochs.get(batch.epoch)?.extendByOne(batch)) return false;
    this.changed = true;
    return true;
  }

  commitOne(stream: string): void {
    addCount(this.committed, stream, 1);
    this.changed = true;
  }

  commit(counts: ReadonlyMap<string, number>): void {
    counts.forEach((count, stream) => addCount(this.committed, stream, count));
    this.changed = true;
  }

  /** The first batch, of the oldest epoch, at which counters did not agree; undefined while all do. */
  get firstDifference(): BatchPlace | undefined {
    if (this.#closedDifference) return this.#closedDifference;
    for (const epoch of this.#newestFirst().toReversed()) {
      const seq = this.epochs.get(epoch)?.firstDifferenceSeq;
      if (seq !== undefined) return { epoch, seq };
    }
    return undefined;
  }

  /** The account over all epochs, by stream; see `EpochAccount.settledStreams` for those that are not the newest. */
  streams(): Map<string, EpochStream> {
    const [current] = this.#newestFirst();
    const rows = new Map([...this.#closed].map(([stream, row]) => [stream, { ...row }]));
    for (const [name, epoch] of this.epochs) {
      const ofEpoch = name === current ? epoch.streams() : epoch.settledStreams();
      for (const [stream, row] of ofEpoch) rows.set(stream, addRows(rows.get(stream), row));
    }
    return rows;
  }

  /**
   * Closes the accounts of old epochs, so that a device can go through any number of them: their sums stay here,
   * the rest waits in `closedEpochs` for a batch that comes late.
   */
  closeOld(): void {
    if (!this.#closedEpochs || this.epochs.size <= openEpochsMax) return;
    const old = this.#newestFirst().slice(openEpochsMax);
    const holed = old.filter((name) => (this.epochs.get(name)?.missing().length ?? 0) > 0);
    const kept = new Set(holed.slice(0, holedEpochsMax));
    for (const name of old) {
      const epoch = this.epochs.get(name);
      if (!epoch || kept.has(name)) continue;
      this.#sumUp(epoch, 1);
      const seq = epoch.firstDifferenceSeq;
      if (seq !== undefined) this.#closedDifference ??= { epoch: name, seq };
      this.#closedEpochs.close(name, epoch);
      this.epochs.delete(name);
      this.changed = true;
    }
  }

  snapshot(): DeviceAccountSnapshot {
    return {
      epochs: [...this.epochs].map(([name, epoch]) => [name, epoch.snapshot()]),
      closed: [...this.#closed],
      committed: [...this.committed],
      firstDifference: this.#closedDifference,
    };
  }

  /** Reads what `JSON.stringify(snapshot())` wrote; throws DATABASE_UNUSABLE for anything else. */
  static parse(json: string, closedEpochs?: ClosedEpochs): DeviceAccount {
    const snapshot: unknown = JSON.parse(json);
    if (isSnapshot(snapshot)) return DeviceAccount.restore(snapshot, closedEpochs);
    throw new FieldlineError('DATABASE_UNUSABLE', {
      subject: 'gateway.db',
      detail: 'An account cannot be read.',
    });
  }

  static restore(snapshot: DeviceAccountSnapshot, closedEpochs?: ClosedEpochs): DeviceAccount {
    const account = new DeviceAccount(closedEpochs);
    for (const [name, epoch] of snapshot.epochs) account.epochs.set(name, EpochAccount.restore(epoch));
    account.#closed = new Map(snapshot.closed);
    account.committed = new Map(snapshot.committed);
    account.#closedDifference = snapshot.firstDifference;
    for (const stream of account.streams().keys()) account.streamNames.add(stream);
    return account;
  }

  #sumUp(epoch: EpochAccount, sign: 1 | -1): void {
    for (const [stream, row] of epoch.settledStreams())
      this.#closed.set(stream, addRows(this.#closed.get(stream), row, sign));
  }

  /** By the newest batch of each by the device's clock; of two equal ones the greater name first. */
  #newestFirst(): string[] {
    return [...this.epochs]
      .toSorted(([a, left], [b, right]) => right.newestSentAtUs - left.newestSentAtUs || (a < b ? 1 : -1))
      .map(([name]) => name);
  }
}

/** The gateway alone writes these: its outline tells a snapshot from another version's. */
function isSnapshot(value: unknown): value is DeviceAccountSnapshot {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'epochs' in value && Array.isArray(value.epochs) && 'committed' in value && Array.isArray(value.committed)
  );
}
