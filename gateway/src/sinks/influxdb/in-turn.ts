/** Pieces of work that must not meet: each begins when the one before it has ended, in the order in which they came. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Whether some work waits for the one that runs now. */
  get isWaitedFor(): boolean {
    return this.#waiting > 0;
  }

  /** Runs `work` when its turn comes; settles as it does. */
  run<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#waiting += 1;
    const begin = (): Promise<Value> => {
      this.#waiting -= 1;
      return work();
    };
    const done = this.#last.then(begin);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
