import type { BatchDigest } from './batch-digest.ts';

/** An append that runs. */
export interface UnderWay {
  readonly digest: BatchDigest;
  /** Settles with the append. */
  readonly stored: Promise<unknown>;
}

/** So many that have ended, beside as many as have not, may stand in the arrays. */
const endedMax = 64;

/**
 * Batches of one epoch that are being made durable, by seq. They mostly come and end in their order: two arrays, and
 * no map, for the reason that decision 0034 gives.
 */
export class UnderWayAppends {
  #seqs: number[] = [];
  /** Undefined: it has ended. */
  #appends: (UnderWay | undefined)[] = [];
  /** Place of the oldest one that has not ended. */
  #head = 0;
  /** None has a higher seq. */
  #highest = Number.NEGATIVE_INFINITY;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Places taken in memory: as many as run, and some that have ended. */
  get places(): number {
    return this.#appends.length;
  }

  /** Adds an append whose seq is not that of another one. */
  begin(seq: number, append: UnderWay): void {
    this.#seqs.push(seq);
    this.#appends.push(append);
    this.#highest = Math.max(this.#highest, seq);
    this.#size += 1;
  }

  /** The append of this seq; undefined where none runs. */
  get(seq: number): UnderWay | undefined {
    return seq > this.#highest ? undefined : this.#appends[this.#placeOf(seq)];
  }

  /** The append of this seq has ended; nothing happens where none runs. */
  end(seq: number): void {
    const at = this.#placeOf(seq);
    if (at < 0) return;
    this.#appends[at] = undefined;
    this.#size -= 1;
    while (this.#head < this.#appends.length && !this.#appends[this.#head]) this.#head += 1;
    if (this.#size === 0 || this.#appends.length > 2 * this.#size + endedMax) this.#cut();
  }

  /** -1 where none runs. */
  #placeOf(seq: number): number {
    for (let at = this.#head; at < this.#seqs.length; at++) {
      if (this.#seqs[at] === seq && this.#appends[at]) return at;
    }
    return -1;
  }

  #cut(): void {
    this.#seqs = this.#seqs.filter((_seq, at) => this.#appends[at]);
    this.#appends = this.#appends.filter((append) => append);
    this.#head = 0;
    if (this.#size === 0) this.#highest = Number.NEGATIVE_INFINITY;
  }
}
