/**
 * Runs jobs beside one another, at most `most` at a time: `add` waits while that many run. The first failure
 * ends it: every later `add`, and `done`, reject with it.
 */
export class Bounded {
  readonly #most: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(most: number) {
    this.#most = most;
  }

  /** Resolves once the job has begun and there may be another. */
  async add(job: () => Promise<void>): Promise<void> {
    this.#check();
    const running = job()
      .catch((error: unknown) => void (this.#failure ??= { error }))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
    if (this.#running.size >= this.#most) await Promise.race(this.#running);
    this.#check();
  }

  /** Resolves when no job runs any more. */
  async done(): Promise<void> {
    await Promise.all(this.#running);
    this.#check();
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
