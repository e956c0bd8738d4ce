/** A sealed batch on its way out: the same bytes at every attempt. */
export interface SealedBatch {
  readonly offset: number;
  readonly payload: Uint8Array;
}

/** Sealed batches that wait for their acknowledgement, by offset: what a lane of the uplink empties. */
export interface BatchQueue {
  /** The offset that the next sealed batch gets. */
  readonly nextOffset: number;
  /** The oldest offset that waits; `nextOffset` where none does. */
  readonly firstWaiting: number;
  /** The first batch at or after `offset` that waits, below `endOffset`; undefined where there is none. */
  nextWaiting(offset: number, endOffset: number): Promise<SealedBatch | undefined>;
  /** Claims a batch for sending; false where it is not here any more. */
  claim(offset: number): boolean;
  /** The gateway has it, durably: it is forgotten. */
  acknowledge(offset: number): void;
  /** The connection ended: what was in flight waits again. */
  release(): void;
  /** Resolves once a batch at `offset` is sealed; with false on abort. */
  waitFor(offset: number, signal: AbortSignal): Promise<boolean>;
}
