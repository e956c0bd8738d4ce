import type { Timers } from '../bindings/timers.ts';

/** Holds a lane back to so many batches a second: evenly spaced, without saving up for a burst. */
export class Pace {
  readonly #intervalMs: number;
  readonly #timers: Timers;

  constructor(batchesPerSec: number, timers: Timers) {
    this.#intervalMs = 1000 / batchesPerSec;
    this.#timers = timers;
  }

  /** Waits for the next turn; false where the signal aborts first. */
  take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const cancel = this.#timers.after(this.#intervalMs, () => {
        signal.removeEventListener('abort', onAbort);
        resolve(true);
      });
      function onAbort(): void {
        cancel();
        resolve(false);
      }
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
