import type { Clock } from '../bindings/clock.ts';
import type { Timers } from '../bindings/timers.ts';

interface Waiting {
  dueMs: number;
  readonly everyMs: number | undefined;
  readonly callback: () => void;
}

/** A clock and timers that stand still until a test moves them. */
export class ManualTime implements Clock, Timers {
  #nowMs: number;
  readonly #waiting = new Set<Waiting>();

  /** `startMs`: since the Unix epoch. */
  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowUs(): number {
    return Math.round(this.#nowMs * 1000);
  }

  quality(): 'synced' {
    return 'synced';
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#add({ dueMs: this.#nowMs + delayMs, everyMs: undefined, callback });
  }

  every(intervalMs: number, callback: () => void): () => void {
    return this.#add({ dueMs: this.#nowMs + intervalMs, everyMs: intervalMs, callback });
  }

  /** Moves on, and lets what falls due happen in order; promises that settled are followed in between. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      const next = [...this.#waiting].sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > endMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      if (next.everyMs === undefined) this.#waiting.delete(next);
      else next.dueMs += next.everyMs;
      next.callback();
      await settled();
    }
    this.#nowMs = endMs;
    await settled();
  }

  #add(waiting: Waiting): () => void {
    this.#waiting.add(waiting);
    return () => this.#waiting.delete(waiting);
  }
}

/** Resolves when the promises that wait for nothing but one another have settled. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
