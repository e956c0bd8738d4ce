/** Bounds of a backoff. */
export interface BackoffLimits {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * Exponential backoff with jitter: attempt n waits between half and the whole of `firstMs * 2^n`, at most
 * `maxMs`. The random half keeps a fleet that was cut off together from coming back together.
 */
export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #random: () => number;
  #attempt = 0;

  constructor(limits: BackoffLimits, random: () => number = Math.random) {
    this.#limits = limits;
    this.#random = random;
  }

  /** The next wait in milliseconds. */
  nextMs(): number {
    const wholeMs = Math.min(this.#limits.maxMs, this.#limits.firstMs * 2 ** this.#attempt);
    if (wholeMs < this.#limits.maxMs) this.#attempt += 1;
    return Math.round(wholeMs * (0.5 + 0.5 * this.#random()));
  }

  /** Starts again from the first wait. */
  reset(): void {
    this.#attempt = 0;
  }
}
