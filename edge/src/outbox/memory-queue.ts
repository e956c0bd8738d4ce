import { encodeBatch, type Batch } from '@fieldline/protocol';
import type { BatchQueue, SealedBatch } from './batch-queue.ts';
import { newEpoch } from './recover-state.ts';

/** A batch that waits in memory. */
export interface MemoryBatch extends SealedBatch {
  readonly epoch: string;
  readonly seq: number;
  /** Whether the gateway may have it. */
  readonly wasSent: boolean;
}

interface Waiting {
  readonly offset: number;
  readonly seq: number;
  readonly payload: Uint8Array;
  inFlight: boolean;
  wasSent: boolean;
}

/**
 * Sealed batches of a time without a disk. They are named in an epoch of this process alone: a crash forgets
 * the names together with the batches, so that none is ever given twice. In order, in flight and acknowledged as those
 * of the outbox.
 */
export class MemoryQueue implements BatchQueue {
  readonly epoch = newEpoch();
  readonly #batches = new Map<number, Waiting>();
  readonly #waiters = new Set<() => void>();
  #maxBytes: number;
  #sizeBytes = 0;
  #nextSeq = 1;

  /** `maxBytes`: beyond this no batch is sealed. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** Offsets follow the numbers. */
  get nextOffset(): number {
    return this.#nextSeq - 1;
  }

  get firstWaiting(): number {
    for (const offset of this.#batches.keys()) return offset;
    return this.nextOffset;
  }

  /** Whether batches wait for as many bytes as there is room for. */
  get isFull(): boolean {
    return this.#sizeBytes >= this.#maxBytes;
  }

  /** Counters for the command `stats`. */
  counters(): { sizeBytes: number; waitingBatches: number; nextSeq: number } {
    return { sizeBytes: this.#sizeBytes, waitingBatches: this.#batches.size, nextSeq: this.#nextSeq };
  }

  changeLimit(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }

  /** Takes a batch that bears `epoch` and `nextSeq`. The caller looks at `isFull` before it makes one. */
  seal(batch: Batch): void {
    const payload = encodeBatch(batch);
    const offset = this.nextOffset;
    this.#batches.set(offset, { offset, seq: batch.seq, payload, inFlight: false, wasSent: false });
    this.#sizeBytes += payload.length;
    this.#nextSeq = batch.seq + 1;
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }

  /** The oldest batch, sent or not: to be kept elsewhere, and then forgotten here (`acknowledge`). */
  get oldest(): MemoryBatch | undefined {
    for (const batch of this.#batches.values()) return { ...batch, epoch: this.epoch };
    return undefined;
  }

  nextWaiting(offset: number, endOffset: number): Promise<SealedBatch | undefined> {
    const end = Math.min(endOffset, this.nextOffset);
    for (let each = Math.max(offset, this.firstWaiting); each < end; each++) {
      const batch = this.#batches.get(each);
      if (batch?.inFlight === false) return Promise.resolve(batch);
    }
    return Promise.resolve(undefined);
  }

  claim(offset: number): boolean {
    const batch = this.#batches.get(offset);
    if (batch === undefined || batch.inFlight) return false;
    batch.inFlight = true;
    batch.wasSent = true;
    return true;
  }

  acknowledge(offset: number): void {
    this.#sizeBytes -= this.#batches.get(offset)?.payload.length ?? 0;
    this.#batches.delete(offset);
  }

  release(): void {
    for (const batch of this.#batches.values()) batch.inFlight = false;
  }

  waitFor(offset: number, signal: AbortSignal): Promise<boolean> {
    if (offset < this.nextOffset) return Promise.resolve(true);
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', abort);
        resolve(true);
      };
      const abort = (): void => {
        this.#waiters.delete(wake);
        resolve(false);
      };
      this.#waiters.add(wake);
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}
