import type { StreamLedger } from '@fieldline/protocol';

/** What one stream has counted in one epoch, without what is open. */
export type EpochTotals = Omit<StreamLedger, 'open'>;

/** The running counters of one stream: each is counted where its event happens, none is computed. */
export class StreamCounters {
  /** Values that the driver yielded. */
  taken = 0;
  /** Values that a transform dropped. */
  filtered = 0;
  /** Values that the device itself refused to carry. */
  refused = 0;
  /** Values that were dropped before any batch held them. */
  lost = 0;
  /** Values that sealed batches carry. */
  batched = 0;
  /** By reason, for the command `stats`: of `filtered` and of `lost`. */
  readonly reasons = new Map<string, number>();

  /** The totals now. */
  totals(): EpochTotals {
    const { taken, filtered, refused, lost, batched } = this;
    return { taken, filtered, refused, lost, batched };
  }

  /** Goes on from these totals. */
  set({ taken, filtered, refused, lost, batched }: EpochTotals): void {
    this.taken = taken;
    this.filtered = filtered;
    this.refused = refused;
    this.lost = lost;
    this.batched = batched;
  }

  /** Counts values that a transform dropped. */
  filter(reason: string, count: number): void {
    this.filtered += count;
    this.note(reason, count);
  }

  /** Counts values that no batch will hold. */
  lose(reason: string, count: number): void {
    this.lost += count;
    this.note(reason, count);
  }

  /** Notes for `stats` what happened to copies of readings: they are counted elsewhere. */
  note(reason: string, count: number): void {
    this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + count);
  }
}

const noTotals: EpochTotals = { taken: 0, filtered: 0, refused: 0, lost: 0, batched: 0 };

/** The device's account of the current epoch, by `sensor/quantity`. */
export class Ledger {
  readonly #streams = new Map<string, StreamCounters>();

  /** The counters of a stream, from zero at its first mention. */
  stream(name: string): StreamCounters {
    let counters = this.#streams.get(name);
    if (counters === undefined) {
      counters = new StreamCounters();
      this.#streams.set(name, counters);
    }
    return counters;
  }

  /**
   * Takes up the totals of the last sealed batch after a restart. What waited then was in memory and is lost,
   * but for what is `kept`.
   */
  restore(
    totals: Readonly<Record<string, StreamLedger>>,
    kept: ReadonlyMap<string, number> = new Map(),
  ): void {
    for (const [name, total] of Object.entries(totals)) {
      const counters = this.stream(name);
      counters.set(total);
      const lost = total.open - (kept.get(name) ?? 0);
      if (lost > 0) counters.lose('restart', lost);
    }
  }

  /**
   * Goes on with the totals of another epoch, from zero where `next` has none, and answers those of the epoch
   * until now. Nothing may be open: a reading is counted in one epoch.
   */
  exchange(next: ReadonlyMap<string, EpochTotals>): Map<string, EpochTotals> {
    const last = new Map<string, EpochTotals>();
    for (const name of next.keys()) this.stream(name);
    for (const [name, counters] of this.#streams) {
      last.set(name, counters.totals());
      counters.set(next.get(name) ?? noTotals);
    }
    return last;
  }

  /** The totals now; `open` is counted by the windows themselves. Streams without a reading are left out. */
  snapshot(open: ReadonlyMap<string, number>): Record<string, StreamLedger> {
    const totals: Record<string, StreamLedger> = {};
    for (const [name, counters] of this.#streams) {
      if (counters.taken === 0) continue;
      const { taken, filtered, refused, lost, batched } = counters;
      totals[name] = { taken, filtered, refused, lost, open: open.get(name) ?? 0, batched };
    }
    return totals;
  }

  /** Readings of all streams that were dropped for this reason. */
  countReason(reason: string): number {
    let count = 0;
    for (const { reasons } of this.#streams.values()) count += reasons.get(reason) ?? 0;
    return count;
  }

  /** Drops by reason, by stream: for the command `stats`. */
  reasons(): Record<string, Record<string, number>> {
    const byStream: Record<string, Record<string, number>> = {};
    for (const [name, { reasons }] of this.#streams) {
      if (reasons.size > 0) byStream[name] = Object.fromEntries(reasons);
    }
    return byStream;
  }
}

/** Streams of which `taken` differs from the sum of where its readings went: never, or there is a bug. */
export function ledgerDifferences(totals: Readonly<Record<string, StreamLedger>>): string[] {
  return Object.entries(totals)
    .filter(
      ([, { taken, filtered, refused, lost, open, batched }]) =>
        taken !== filtered + refused + lost + open + batched,
    )
    .map(([name, total]) => `${name}: ${JSON.stringify(total)}`);
}
