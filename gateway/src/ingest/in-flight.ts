/**
 * What is between the socket and the journal at this moment. Beyond either limit `take` waits, in order of
 * arrival, and the sockets stop being read (see `broker/guarded-socket.ts`), so that the backlog stays with
 * the devices, whose outboxes are made for it. They are read again when half of it has settled: one place
 * that is given back is not worth waking every socket.
 */
export class InFlight {
  readonly #limits: { readonly batches: number; readonly bytes: number };
  readonly #waiting: { readonly bytes: number; readonly go: () => void }[] = [];
  #relieved = new Set<() => void>();
  #batches = 0;
  #bytes = 0;

  constructor(limits: { batches: number; bytes: number }) {
    this.#limits = limits;
  }

  get batches(): number {
    return this.#batches;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get capacity(): number {
    return this.#limits.batches;
  }

  /** True while nothing more should be read from any socket. */
  get full(): boolean {
    return (
      this.#waiting.length > 0 || this.#batches >= this.#limits.batches || this.#bytes >= this.#limits.bytes
    );
  }

  /** Takes room for a batch of `bytes`; undefined where there is room now, else a promise of it. */
  take(bytes: number): Promise<void> | undefined {
    if (!this.full) {
      this.#enter(bytes);
      return undefined;
    }
    return new Promise((resolve) => {
      this.#waiting.push({ bytes, go: resolve });
    });
  }

  /** Gives back the room of one batch of `bytes`. */
  give(bytes: number): void {
    this.#batches -= 1;
    this.#bytes -= bytes;
    while (this.#batches < this.#limits.batches && this.#bytes < this.#limits.bytes) {
      const next = this.#waiting.shift();
      if (!next) break;
      this.#enter(next.bytes);
      next.go();
    }
    if (this.#relieved.size === 0 || !this.#isHalfEmpty()) return;
    const relieved = this.#relieved;
    this.#relieved = new Set();
    for (const resume of relieved) resume();
  }

  /** Calls `resume` once, when at most half of the room is taken. */
  whenRelieved(resume: () => void): void {
    this.#relieved.add(resume);
  }

  /** Takes back `whenRelieved`: the connection is gone. */
  forget(resume: () => void): void {
    this.#relieved.delete(resume);
  }

  #isHalfEmpty(): boolean {
    const { batches, bytes } = this.#limits;
    return this.#waiting.length === 0 && this.#batches <= batches / 2 && this.#bytes <= bytes / 2;
  }

  #enter(bytes: number): void {
    this.#batches += 1;
    this.#bytes += bytes;
  }
}
