import type { Timers } from '../bindings/timers.ts';

/** Calls for a flush at an interval that can be changed while it runs. */
export class Flushing {
  readonly #timers: Timers;
  #flush: () => void = () => undefined;
  #cancel: (() => void) | undefined;
  #intervalUs = 0;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** Flushes each `intervalUs` from now on. */
  start(flush: () => void, intervalUs: number): void {
    this.#flush = flush;
    this.#begin(intervalUs);
  }

  /** Goes on with another interval; does nothing where it is the same, or where nothing runs. */
  change(intervalUs: number): void {
    if (this.#cancel === undefined || intervalUs === this.#intervalUs) return;
    this.stop();
    this.#begin(intervalUs);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #begin(intervalUs: number): void {
    this.#intervalUs = intervalUs;
    this.#cancel = this.#timers.every(intervalUs / 1000, this.#flush);
  }
}
