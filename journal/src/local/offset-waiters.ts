interface Waiter {
  readonly offset: number;
  readonly settle: (isDurable: boolean) => void;
}

/** Those who wait for an offset to become durable. */
export class OffsetWaiters {
  readonly #waiters = new Set<Waiter>();

  /** Resolves true at `release` beyond `offset`, false at `end` or when `signal` aborts. */
  wait(offset: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const onAbort = (): void => waiter.settle(false);
      const waiter: Waiter = {
        offset,
        settle: (isDurable) => {
          this.#waiters.delete(waiter);
          signal?.removeEventListener('abort', onAbort);
          resolve(isDurable);
        },
      };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Lets those go whose offset is below `nextOffset`. */
  release(nextOffset: number): void {
    for (const waiter of this.#waiters) if (waiter.offset < nextOffset) waiter.settle(true);
  }

  /** Lets all go empty-handed. */
  end(): void {
    for (const waiter of this.#waiters) waiter.settle(false);
  }
}
