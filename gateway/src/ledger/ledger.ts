import {
  OneReadingBatch,
  type Batch,
  type DeviceLedger,
  type DroppedRange,
  type LedgerAnswer,
  type LedgerRow,
} from '@fieldline/protocol';
import type { JournaledBatch } from '../journal/batch-log.ts';
import type { BatchDigest } from '../ingest/batch-digest.ts';
import type { BatchName } from '../ingest/peek-batch-name.ts';
import { countsOf } from './batch-counts.ts';
import type { ClosedEpochStore } from './closed-epochs.ts';
import { DeviceAccount } from './device-account.ts';
import type { EpochStream } from './epoch-account.ts';
import type { RefusedReadings } from './refused-readings.ts';
import { addCount, type Counts } from './run.ts';

/** The primary store's own counts, and between which of the gateway's counters they were taken. */
export interface StoreCounts {
  readonly storeName: string;
  /** By `device/sensor/quantity`; undefined where the store does not answer: nothing is then compared. */
  readonly counts: ReadonlyMap<string, number> | undefined;
  /** What `Ledger.committedCounts` said before the store was asked. */
  readonly committedBefore: ReadonlyMap<string, number>;
  /** Nothing was under way between journal and store while the store was asked: all counts must be equal. */
  readonly quiet: boolean;
  readonly atUs: number;
}

/**
 * The account of every reading: what devices say they took, against what arrived, against what the store
 * counts. `unaccounted` is the sum of the differences found between counters that were kept apart; it is
 * never what remains after a subtraction.
 */
export class Ledger {
  readonly #devices = new Map<string, DeviceAccount>();
  readonly #refused: RefusedReadings;
  readonly #closedEpochs: ClosedEpochStore | undefined;
  /** Readings in batches that are journaled and wait for their device to tell the time, by stream. */
  readonly #waiting: Counts = new Map();

  /** `closedEpochs`: where the accounts of old epochs go; none: all stay open. */
  constructor(refused: RefusedReadings, closedEpochs?: ClosedEpochStore) {
    this.#refused = refused;
    this.#closedEpochs = closedEpochs;
    for (const { device, epoch, seq } of refused.batches) {
      // A closed epoch has its refusals with it.
      if (!closedEpochs?.has(device, epoch)) this.device(device).epoch(epoch).refusedSeqs.add(seq);
    }
  }

  /** The account of one device, made when it is missing. */
  device(device: string): DeviceAccount {
    const known = this.#devices.get(device);
    if (known) return known;
    const fresh = new DeviceAccount(this.#closedEpochs?.of(device));
    this.#devices.set(device, fresh);
    return fresh;
  }

  get devices(): ReadonlyMap<string, DeviceAccount> {
    return this.#devices;
  }

  /**
   * To be called once all accounts are back: a refusal is written at once, the epoch that it opens with the next
   * save, which a kill may have prevented.
   */
  restoreRefusals(): void {
    for (const { device, epoch, seq } of this.#refused.batches) {
      const isKnown = this.#closedEpochs?.knowsRefused(device, epoch, seq);
      if (!isKnown) this.device(device).epoch(epoch).refusedSeqs.add(seq);
    }
  }

  /** Closes what is old; see `DeviceAccount.closeOld`. */
  closeOld(): void {
    for (const account of this.#devices.values()) if (account.changed) account.closeOld();
  }

  /** Writes the closed epochs that changed; runs in the caller's transaction. */
  saveClosed(): void {
    this.#closedEpochs?.save();
  }

  /** That transaction has succeeded, and nothing changed since. */
  savedClosed(): void {
    this.#closedEpochs?.saved();
  }

  /** Puts back what `JSON.stringify(account.snapshot())` wrote of a device. Throws DATABASE_UNUSABLE. */
  restoreFrom(device: string, json: string): void {
    this.restore(device, DeviceAccount.parse(json, this.#closedEpochs?.of(device)));
  }

  /** Puts back what a snapshot kept of a device. */
  restore(device: string, account: DeviceAccount): void {
    for (const [name, { refusedSeqs }] of this.#devices.get(device)?.epochs ?? []) {
      for (const [from, to] of refusedSeqs.toArray()) {
        for (let seq = from; seq <= to; seq++) account.epoch(name).refusedSeqs.add(seq);
      }
    }
    this.#devices.set(device, account);
  }

  /** This batch is durable in the journal. In any order; one that is counted already changes nothing. */
  received({ batch, receivedAtUs }: { batch: Batch; receivedAtUs?: number }): void {
    if (batch.seq < 1) return;
    if (batch instanceof OneReadingBatch && this.device(batch.device).recordOne(batch)) return;
    this.device(batch.device).record(batch.epoch, {
      seq: batch.seq,
      // Before a device knows the time it tells that of its boot, which would make every other epoch newer.
      sentAtUs: batch.clock === 'unset' && receivedAtUs !== undefined ? receivedAtUs : batch.sentAt,
      counts: countsOf(batch),
      ledger: batch.ledger,
      dropped: batch.dropped ?? noneDropped,
    });
  }

  /** These batches are durable in the primary store. The caller sees to it that each comes once. */
  committed(entries: readonly Pick<JournaledBatch, 'batch'>[]): void {
    for (const { batch } of entries) {
      const account = this.device(batch.device);
      if (batch instanceof OneReadingBatch) account.commitOne(batch.outline.stream);
      else account.commit(countsOf(batch));
    }
  }

  /** The primary store has lost this batch again. */
  uncommitted({ batch }: Pick<JournaledBatch, 'batch'>): void {
    const counts = [...countsOf(batch)].map(([stream, count]): [string, number] => [stream, -count]);
    this.device(batch.device).commit(new Map(counts));
  }

  /** Forgets what was committed: the primary store begins anew. */
  resetCommitted(): void {
    for (const account of this.#devices.values()) {
      account.committed = new Map();
      account.changed = true;
    }
  }

  /** The primary store can never take these readings of the record at `offset`. */
  refusedByStore(part: { offset: number; stream: string; readings: number }): void {
    this.#refused.addByStore(part.offset, part.stream, part.readings);
  }

  /** A batch was refused whose name could be read: what the running totals say of it is refused, not missing. */
  refusedBatch(name: { device: string; epoch: string; seq: number }): void {
    if (!this.#refused.addBatch(name)) return;
    this.device(name.device).epoch(name.epoch).refusedSeqs.add(name.seq);
  }

  /**
   * A batch was refused that no running totals will explain, since its name is another's or its epoch has no
   * account: its readings were taken, by whoever sent it, and are refused.
   */
  refusedReadings(batch: Batch, digest: BatchDigest): void {
    const cause = causeOf(batch, digest);
    for (const [stream, readings] of countsOf(batch)) {
      this.#refused.addByGateway(cause, `${batch.device}/${stream}`, readings);
    }
  }

  /** A batch that `refusedReadings` was told of is in the journal after all. */
  unrefused(batch: Batch, digest: BatchDigest): void {
    if (this.#refused.hasByGateway(batch.device))
      this.#refused.forgetByGateway(batch.device, causeOf(batch, digest));
  }

  /** Takes back that a received batch was given up; see `RefusedReadings.forgetQuarantined`. */
  unquarantine(name: BatchName): () => void {
    return this.#refused.forgetQuarantined(name);
  }

  /** A received batch begins (1) or ends (-1) to wait for its times. */
  waits(device: string, counts: ReadonlyMap<string, number>, sign: 1 | -1): void {
    for (const [stream, readings] of counts) addCount(this.#waiting, `${device}/${stream}`, sign * readings);
  }

  /** Whether this received batch was given up because of its clock. */
  isQuarantined(name: BatchName): boolean {
    return this.#refused.isQuarantined(name);
  }

  /** Writes, in the caller's transaction, that a received batch is given up; `quarantined` follows. */
  writeQuarantined(name: BatchName, counts: ReadonlyMap<string, number>): void {
    this.#refused.writeQuarantined(name, counts);
  }

  /** A received batch has been given up because of its clock: its readings are refused. */
  quarantined(name: BatchName, counts: ReadonlyMap<string, number>): void {
    this.#refused.quarantined(name, counts);
  }

  /** What the primary store is known to have committed, by `device/sensor/quantity`. */
  committedCounts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const [device, { committed }] of this.#devices) {
      for (const [stream, count] of committed) counts.set(`${device}/${stream}`, count);
    }
    return counts;
  }

  /** The account at this instant, of one device or of all. */
  answer(store: StoreCounts, device?: string): LedgerAnswer {
    const names = device === undefined ? this.#deviceNames(store) : [device];
    const devices = names.toSorted().map((name) => this.#deviceLedger(name, store));
    return {
      atUs: store.atUs,
      store: store.storeName,
      total: sumRows(devices),
      devices,
    };
  }

  /** Also devices of which only the store knows: they are a difference, and must be seen. */
  #deviceNames(store: StoreCounts): string[] {
    const names = new Set(this.#devices.keys());
    for (const stream of [...(store.counts?.keys() ?? []), ...this.#refused.streams()]) {
      names.add(stream.slice(0, stream.indexOf('/')));
    }
    return [...names];
  }

  #deviceLedger(device: string, store: StoreCounts): DeviceLedger {
    const account = this.#devices.get(device);
    const accounts = account?.streams() ?? new Map<string, EpochStream>();
    const names = new Set([...accounts.keys()].map((stream) => `${device}/${stream}`));
    for (const stream of [...(store.counts?.keys() ?? []), ...this.#refused.streams()]) {
      if (stream.startsWith(`${device}/`)) names.add(stream);
    }
    const streams = [...names].toSorted().map((stream) => {
      const name = stream.slice(device.length + 1);
      const committed = account?.committed.get(name) ?? 0;
      return { stream, ...this.#row(stream, accounts.get(name), committed, store) };
    });
    const missing = [...(account?.epochs ?? [])].flatMap(([epoch, state]) =>
      state.missing().map(([from, to]): [string, number, number] => [epoch, from, to]),
    );
    return {
      device,
      ...sumRows(streams),
      missing,
      firstDifference: account?.firstDifference ?? null,
      streams,
    };
  }

  #row(stream: string, account: EpochStream | undefined, committed: number, store: StoreCounts): LedgerRow {
    const waiting = this.#waiting.get(stream) ?? 0;
    const byClock = this.#refused.byClock(stream);
    // What waits, or was given up, is in the journal and not for the store.
    const received = (account?.received ?? 0) - waiting - byClock;
    const byStore = this.#refused.byStore(stream);
    const byGateway = this.#refused.byGateway(stream);
    const stored = store.counts ? (store.counts.get(stream) ?? 0) : committed - byStore;
    const atLeast = (store.quiet ? received : (store.committedBefore.get(stream) ?? 0)) - byStore;
    const atMost = received - byStore;
    const storeDifference = Math.max(0, atLeast - stored, stored - atMost);
    const commitDifference = store.quiet ? Math.abs(received - committed) : Math.max(0, committed - received);
    return {
      taken: (account?.taken ?? 0) + byGateway,
      stored,
      filtered: account?.filtered ?? 0,
      refused: (account?.refused ?? 0) + byStore + byGateway + byClock,
      lost: account?.lost ?? 0,
      underWay:
        (account?.open ?? 0) + (account?.missing ?? 0) + waiting + notYetStored({ stored, atLeast, atMost }),
      unaccounted: (account?.differences ?? 0) + storeDifference + commitDifference,
    };
  }
}

const noneDropped: readonly DroppedRange[] = [];

/** The name and digest of a batch, under which its refusal is remembered. */
function causeOf({ device, epoch, seq }: Batch, digest: BatchDigest): string {
  return `${device} ${epoch} ${seq} ${digest}`;
}

/**
 * Readings in the journal that the store does not have yet. While a write runs the store may hold what it
 * has not told yet, so that its own count says more than the last commit, within what is possible; beyond
 * that the difference is unaccounted and the gateway's own counters speak.
 */
function notYetStored({
  stored,
  atLeast,
  atMost,
}: {
  stored: number;
  atLeast: number;
  atMost: number;
}): number {
  return Math.max(0, atMost - Math.max(stored, atLeast));
}

function sumRows(rows: readonly LedgerRow[]): LedgerRow {
  const sum = { taken: 0, stored: 0, filtered: 0, refused: 0, lost: 0, underWay: 0, unaccounted: 0 };
  for (const row of rows) {
    sum.taken += row.taken;
    sum.stored += row.stored;
    sum.filtered += row.filtered;
    sum.refused += row.refused;
    sum.lost += row.lost;
    sum.underWay += row.underWay;
    sum.unaccounted += row.unaccounted;
  }
  return sum;
}
