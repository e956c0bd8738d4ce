interface Waiter {
  readonly offset: number;
  readonly signal: AbortSignal | undefined;
  readonly settle: (isDurable: boolean) => void;
}

/**
 * Those who wait for an offset to become durable. They come and go with every append: an array, and one listener a
 * signal, for the reason that decision 0034 gives.
 */
export class OffsetWaiters {
  #waiters: Waiter[] = [];
  readonly #followed = new WeakSet<AbortSignal>();

  /** Resolves true at `release` beyond `offset`, false at `end` or when `signal` aborts. */
  wait(offset: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false);
    if (signal) this.#follow(signal);
    return new Promise((settle) => this.#waiters.push({ offset, signal, settle }));
  }

  /** Lets those go whose offset is below `nextOffset`. */
  release(nextOffset: number): void {
    this.#settle((waiter) => waiter.offset < nextOffset, true);
  }

  /** Lets all go empty-handed. */
  end(): void {
    this.#settle(() => true, false);
  }

  #follow(signal: AbortSignal): void {
    if (this.#followed.has(signal)) return;
    this.#followed.add(signal);
    const letGo = () => this.#settle((waiter) => waiter.signal === signal, false);
    signal.addEventListener('abort', letGo, { once: true });
  }

  #settle(isMeant: (waiter: Waiter) => boolean, isDurable: boolean): void {
    const meant = this.#waiters.filter(isMeant);
    if (meant.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !isMeant(waiter));
    for (const { settle } of meant) settle(isDurable);
  }
}
