/** Named limits of what the kernel may keep in its memory. */
export const earlySyncLimits = {
  /** A synchronisation begins when this much was written since the last one began. */
  everyBytes: 64 * 1024 * 1024,
  /** Writing waits for the running one where this much is not on the medium: its own memory is bounded, too. */
  unsyncedBytesMax: 512 * 1024 * 1024,
} as const;

/**
 * Brings what was written onto the medium while writing goes on: otherwise the kernel keeps it until the end, and
 * medium and processor wait for one another in turns.
 */
export class EarlySync {
  readonly #sync: () => Promise<void>;
  readonly #limits: { readonly everyBytes: number; readonly unsyncedBytesMax: number };
  #sinceBytes = 0;
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(sync: () => Promise<void>, limits = earlySyncLimits) {
    this.#sync = sync;
    this.#limits = limits;
  }

  /** Counts `bytes` as written. Rejects with the failure of a synchronisation: the kernel tells it once only. */
  async wrote(bytes: number): Promise<void> {
    this.#sinceBytes += bytes;
    if (this.#running && this.#sinceBytes >= this.#limits.unsyncedBytesMax) await this.#running;
    this.#check();
    if (this.#running || this.#sinceBytes < this.#limits.everyBytes) return;
    this.#sinceBytes = 0;
    this.#running = this.#sync()
      .catch((error: unknown) => void (this.#failure ??= { error }))
      .finally(() => (this.#running = undefined));
  }

  /** Resolves when none runs any more. */
  async done(): Promise<void> {
    await this.#running;
    this.#check();
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
