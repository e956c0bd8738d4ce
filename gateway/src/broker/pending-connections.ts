import type { ErrorCode } from '@fieldline/protocol';
import { addressKey } from '../access/attempt-limit.ts';

/** Caps on connections that nobody has been authenticated on. */
export interface PendingLimits {
  readonly unauthenticatedConnections: number;
  readonly unauthenticatedPerAddress: number;
}

/**
 * Counts the connections that are not authenticated yet, TLS handshakes among them, in all and by address: one
 * host that opens many and says nothing must not keep the devices of others out.
 */
export class PendingConnections {
  readonly #limits: PendingLimits;
  readonly #ofAddress = new Map<string, number>();
  #count = 0;

  constructor(limits: PendingLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  /** Counts one more; answers what to call, any number of times, once it is authenticated or gone. */
  enter(address: string): (() => void) | ErrorCode {
    const key = addressKey(address);
    const before = this.#ofAddress.get(key) ?? 0;
    if (this.#count >= this.#limits.unauthenticatedConnections) return 'UNAUTHENTICATED_LIMIT';
    if (before >= this.#limits.unauthenticatedPerAddress) return 'ADDRESS_LIMIT';
    this.#count += 1;
    this.#ofAddress.set(key, before + 1);
    let isPending = true;
    return () => {
      if (!isPending) return;
      isPending = false;
      this.#leave(key);
    };
  }

  #leave(key: string): void {
    this.#count -= 1;
    const left = (this.#ofAddress.get(key) ?? 1) - 1;
    if (left === 0) this.#ofAddress.delete(key);
    else this.#ofAddress.set(key, left);
  }
}
