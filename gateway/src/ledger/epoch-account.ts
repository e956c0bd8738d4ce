import type { DroppedRange, OneReadingBatch, StreamLedger } from '@fieldline/protocol';
import { SeqRanges, type SeqRange } from '../ingest/seq-ranges.ts';
import { explainHole, thinnedCounts, type Hole } from './hole.ts';
import { addCount, joinRuns, runIndexAtOrBelow, runOf, type Counts, type Run } from './run.ts';

/** Most `dropped` ranges remembered of one epoch; what is declared beyond it stays under way, visibly. */
const droppedRangesMax = 10_000;

/** One accepted batch, as the account sees it. */
export interface AccountedBatch {
  readonly seq: number;
  readonly sentAtUs: number;
  /** Readings it carries, by `sensor/quantity`, without `extra` blocks. */
  readonly counts: ReadonlyMap<string, number>;
  readonly ledger: Readonly<Record<string, StreamLedger>>;
  readonly dropped: readonly DroppedRange[];
}

/** Where the readings of one stream of one epoch are, each from counters of its own. */
export interface EpochStream {
  taken: number;
  filtered: number;
  /** By the device, and in batches that the gateway refused. */
  refused: number;
  lost: number;
  open: number;
  /** In batches that the device has named and that have not come. */
  missing: number;
  /** In batches that arrived: the sum of what they carried. */
  received: number;
  /** Sum of the differences between counters that should agree. */
  differences: number;
}

/** Everything of an epoch that a snapshot keeps. */
export interface EpochSnapshot {
  readonly runs: readonly { from: number; to: number; start: [string, number][]; end: [string, number][] }[];
  readonly dropped: readonly DroppedRange[];
  readonly latest: readonly [string, number, StreamLedger][];
  readonly received: readonly [string, number][];
  readonly differences: readonly [string, number][];
  readonly drift: readonly [string, number][];
  readonly newestSentAtUs: number;
  readonly firstDifferenceSeq?: number | undefined;
}

/**
 * The account of one epoch of one device. Whatever the order in which its batches come, and however often,
 * the same set of batches gives the same account.
 *
 * Three things that the device and the gateway count apart are held against one another: the device's
 * running totals (`ledger.batched` of each batch), the readings that each batch really carries, and the
 * counts that the device declares dropped. Between two neighbouring batches the running total must move by
 * what the second carries; across a hole it says how many readings the hole holds.
 */
export class EpochAccount {
  readonly #runs: Run[] = [];
  #dropped: readonly DroppedRange[] = [];
  /** Seqs that the gateway refused: kept by the ledger's owner, since they are not in the journal. */
  readonly refusedSeqs = new SeqRanges();
  /** The newest running totals of each stream, with the seq that brought them. */
  readonly #latest = new Map<string, { seq: number; totals: StreamLedger }>();
  readonly #received: Counts = new Map();
  /** Sum of |difference| over neighbouring batches. */
  readonly #differences: Counts = new Map();
  /** The same with signs: what the runs' totals moved beyond what was received. */
  readonly #drift: Counts = new Map();
  newestSentAtUs = 0;
  /** The lowest seq at which counters that should agree did not; undefined while they all do. */
  firstDifferenceSeq: number | undefined;

  /** Adds a batch; one that is here already changes nothing. */
  record(batch: AccountedBatch): void {
    const newest = this.#runs[this.#runs.length - 1];
    if (newest !== undefined && batch.seq === newest.to + 1 && batch.dropped.length === 0) {
      this.#extend(newest, batch);
      return;
    }
    const index = runIndexAtOrBelow(this.#runs, batch.seq);
    const below = this.#runs[index];
    if (below && batch.seq <= below.to) return;
    const { counts, moved } = ownCounts(batch);
    const { run, unstated } = runOf(batch.seq, counts, batch.ledger);
    this.#runs.splice(index + 1, 0, run);
    this.#joinAt(index + 1);
    this.#joinAt(index);
    for (const [stream, count] of batch.counts) addCount(this.#received, stream, count);
    for (const [stream, count] of moved) addCount(this.#drift, stream, -count);
    for (const [stream, count] of unstated) this.#differ(stream, -count, batch.seq);
    this.#noteTotals(batch);
    for (const range of batch.dropped) this.#noteDropped(range);
    this.newestSentAtUs = Math.max(this.newestSentAtUs, batch.sentAtUs);
  }

  /** Batches that the device has named and that are neither here nor declared dropped or refused. */
  missing(): SeqRange[] {
    return this.#holes().flatMap((hole) => explainHole(hole, this.#dropped, this.refusedSeqs).missing);
  }

  /**
   * The account of an epoch after which a newer one has begun: windows that were open then will never close,
   * their readings are lost.
   */
  settledStreams(): Map<string, EpochStream> {
    const rows = this.streams();
    for (const row of rows.values()) {
      row.lost += row.open;
      row.open = 0;
    }
    return rows;
  }

  /** The account by stream. */
  streams(): Map<string, EpochStream> {
    const rows = new Map<string, EpochStream>();
    const row = (stream: string) => {
      const known = rows.get(stream);
      if (known) return known;
      const fresh = emptyStream();
      rows.set(stream, fresh);
      return fresh;
    };
    for (const [stream, { totals }] of this.#latest) addTotals(row(stream), totals);
    for (const [stream, count] of this.#received) row(stream).received += count;
    for (const [stream, count] of this.#differences) row(stream).differences += count;
    this.#addHoles(row);
    this.#addCrossChecks(row);
    return rows;
  }

  snapshot(): EpochSnapshot {
    return {
      runs: this.#runs.map(({ from, to, start, end }) => ({ from, to, start: [...start], end: [...end] })),
      dropped: this.#dropped,
      latest: [...this.#latest].map(([stream, { seq, totals }]) => [stream, seq, totals]),
      received: [...this.#received],
      differences: [...this.#differences],
      drift: [...this.#drift],
      newestSentAtUs: this.newestSentAtUs,
      firstDifferenceSeq: this.firstDifferenceSeq,
    };
  }

  static restore(snapshot: EpochSnapshot): EpochAccount {
    const account = new EpochAccount();
    for (const { from, to, start, end } of snapshot.runs) {
      account.#runs.push({ from, to, start: new Map(start), end: new Map(end) });
    }
    account.#dropped = snapshot.dropped;
    for (const [stream, seq, totals] of snapshot.latest) account.#latest.set(stream, { seq, totals });
    for (const [stream, count] of snapshot.received) account.#received.set(stream, count);
    for (const [stream, count] of snapshot.differences) account.#differences.set(stream, count);
    for (const [stream, count] of snapshot.drift) account.#drift.set(stream, count);
    account.newestSentAtUs = snapshot.newestSentAtUs;
    account.firstDifferenceSeq = snapshot.firstDifferenceSeq;
    return account;
  }

  /** What `record` does with the batch after the newest one, which nearly every batch is, without a run of its own. */
  #extend(run: Run, { seq, counts, ledger, sentAtUs }: AccountedBatch): void {
    run.to = seq;
    for (const stream in ledger) {
      const totals = ledger[stream]!;
      const start = totals.batched - (counts.get(stream) ?? 0);
      const end = run.end.get(stream);
      if (end === undefined) run.start.set(stream, start);
      else if (end !== start) this.#differ(stream, start - end, seq);
      run.end.set(stream, totals.batched);
      this.#noteTotal(stream, totals, seq);
    }
    counts.forEach((count, stream) => {
      addCount(this.#received, stream, count);
      if (ledger[stream] === undefined && count > 0) this.#differ(stream, -count, seq);
    });
    this.newestSentAtUs = Math.max(this.newestSentAtUs, sentAtUs);
  }

  /**
   * What `record` does with the batch after the newest one, where it carries one reading of a known stream and every counter
   * agrees; false, and nothing done, for any other.
   */
  extendByOne(batch: OneReadingBatch): boolean {
    const { seq, batched } = batch;
    const { stream } = batch.outline;
    const run = this.#runs[this.#runs.length - 1];
    const known = this.#latest.get(stream);
    if (run?.to !== seq - 1 || !known || run.end.get(stream) !== batched - 1) return false;
    if (remainderOf(batch) !== 0) return false;
    run.to = seq;
    run.end.set(stream, batched);
    known.seq = seq;
    known.totals = batch.totals;
    addCount(this.#received, stream, 1);
    this.newestSentAtUs = Math.max(this.newestSentAtUs, batch.sentAt);
    return true;
  }

  /** Joins the run at `index` with the one after it, where they touch. */
  #joinAt(index: number): void {
    const left = this.#runs[index];
    const right = this.#runs[index + 1];
    if (left === undefined || right?.from !== left.to + 1) return;
    joinRuns(left, right, (stream, difference) => this.#differ(stream, difference, right.from));
    this.#runs.splice(index + 1, 1);
  }

  #differ(stream: string, difference: number, seq: number): void {
    if (difference !== 0) this.#noteDifference(seq);
    addCount(this.#differences, stream, Math.abs(difference));
    addCount(this.#drift, stream, difference);
  }

  #noteDifference(seq: number): void {
    this.firstDifferenceSeq = Math.min(seq, this.firstDifferenceSeq ?? seq);
  }

  #noteTotals({ seq, ledger }: AccountedBatch): void {
    for (const stream in ledger) this.#noteTotal(stream, ledger[stream]!, seq);
  }

  #noteTotal(stream: string, totals: StreamLedger, seq: number): void {
    if (remainderOf(totals) !== 0) this.#noteDifference(seq);
    const known = this.#latest.get(stream);
    if (!known) this.#latest.set(stream, { seq, totals });
    else if (known.seq < seq) {
      known.seq = seq;
      known.totals = totals;
    }
  }

  /** A device may repeat what it declared, or a range that has grown: the widest counts, once. */
  #noteDropped(range: DroppedRange): void {
    const [from, to] = range;
    if (this.#dropped.some((known) => known[0] <= from && to <= known[1])) return;
    const kept = this.#dropped.filter((known) => known[0] < from || to < known[1]);
    if (kept.length >= droppedRangesMax) return;
    this.#dropped = [...kept, range];
  }

  /** What lies before each run, from seq 1, with how far the running totals moved across it. */
  #holes(): Hole[] {
    const holes: Hole[] = [];
    const carried: Counts = new Map();
    let nextSeq = 1;
    for (const run of this.#runs) {
      const moved: Counts = new Map();
      for (const [stream, start] of run.start) addCount(moved, stream, start - (carried.get(stream) ?? 0));
      for (const [stream, end] of run.end) carried.set(stream, end);
      holes.push({ from: nextSeq, to: run.from - 1, moved });
      nextSeq = run.to + 1;
    }
    return holes;
  }

  #addHoles(row: (stream: string) => EpochStream): void {
    for (const hole of this.#holes()) {
      const { readings } = explainHole(hole, this.#dropped, this.refusedSeqs);
      for (const [stream, { missing, lost, refused, differences }] of readings) {
        const into = row(stream);
        into.missing += missing;
        into.lost += lost;
        into.refused += refused;
        into.differences += differences;
      }
    }
  }

  /** The totals' movement within the runs, less the differences seen between them, is what was received. */
  #addCrossChecks(row: (stream: string) => EpochStream): void {
    const expected: Counts = new Map();
    for (const { start, end } of this.#runs) {
      for (const [stream, total] of end) addCount(expected, stream, total);
      for (const [stream, total] of start) addCount(expected, stream, -total);
    }
    for (const [stream, drift] of this.#drift) addCount(expected, stream, -drift);
    for (const stream of new Set([...expected.keys(), ...this.#received.keys()])) {
      row(stream).differences += Math.abs((expected.get(stream) ?? 0) - (this.#received.get(stream) ?? 0));
    }
  }
}

/** What a batch adds to the running totals, and what it carries in the place of batches that were thinned. */
function ownCounts({ counts, dropped }: AccountedBatch): { counts: Counts; moved: Counts } {
  const moved = thinnedCounts(dropped);
  const own: Counts = new Map(counts);
  for (const [stream, count] of moved) addCount(own, stream, -count);
  return { counts: own, moved };
}

/** Adds (1) or takes away (-1) a row; without a sum to begin with, from nothing. */
export function addRows(sum: EpochStream | undefined, row: EpochStream, sign: 1 | -1 = 1): EpochStream {
  const { taken, filtered, refused, lost, open, missing, received, differences } = sum ?? emptyStream();
  return {
    taken: taken + sign * row.taken,
    filtered: filtered + sign * row.filtered,
    refused: refused + sign * row.refused,
    lost: lost + sign * row.lost,
    open: open + sign * row.open,
    missing: missing + sign * row.missing,
    received: received + sign * row.received,
    differences: differences + sign * row.differences,
  };
}

function emptyStream(): EpochStream {
  return { taken: 0, filtered: 0, refused: 0, lost: 0, open: 0, missing: 0, received: 0, differences: 0 };
}

/** The device's own equation: `taken = filtered + refused + lost + open + batched`. */
function addTotals(row: EpochStream, totals: StreamLedger): void {
  const { taken, filtered, refused, lost, open } = totals;
  row.taken += taken;
  row.filtered += filtered;
  row.refused += refused;
  row.lost += lost;
  row.open += open;
  row.differences += Math.abs(remainderOf(totals));
}

/** What the device's own equation leaves over: nothing, where its counters are right. */
function remainderOf({ taken, filtered, refused, lost, open, batched }: StreamLedger): number {
  return taken - (filtered + refused + lost + open + batched);
}
