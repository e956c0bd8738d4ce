/** Pieces of work that must not meet: each begins when the one before it has ended, in the order in which they came. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #running = 0;

  /** Whether some work runs now. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** Whether some work waits for the one that runs now. */
  get isWaitedFor(): boolean {
    return this.#waiting > 0;
  }

  /** Runs `work` when its turn comes; settles as it does. */
  run<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#waiting += 1;
    const begin = async (): Promise<Value> => {
      this.#waiting -= 1;
      this.#running += 1;
      try {
        return await work();
      } finally {
        this.#running -= 1;
      }
    };
    const done = this.#last.then(begin);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
