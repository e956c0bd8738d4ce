import type { DeviceSummary } from '@fieldline/protocol';
import type { SentFrame } from './sent-frame.ts';

/** A changed device. */
export interface SentDevice {
  readonly kind: 'device';
  readonly seq: number;
  readonly device: DeviceSummary;
  readonly sizeBytes: number;
}

/** What was sent to viewers, by seq. */
export type Sent = SentFrame | SentDevice;

/** How much is kept for viewers that come back: from half a minute up, of a busy fleet. */
export const ringLimits = { sizeBytes: 8 * 1024 * 1024, items: 4000 } as const;

/** The newest of what was sent, so that a viewer that lost its connection gets what it missed. */
export class FrameRing {
  #items: Sent[] = [];
  #sizeBytes = 0;

  push(item: Sent): void {
    this.#items.push(item);
    this.#sizeBytes += item.sizeBytes;
    while (this.#sizeBytes > ringLimits.sizeBytes || this.#items.length > ringLimits.items) {
      this.#sizeBytes -= this.#items.shift()?.sizeBytes ?? 0;
    }
  }

  /** What was pushed last is sent. */
  keep(): void {
    const newest = this.#items.at(-1);
    if (newest?.kind !== 'frame') return;
    this.#sizeBytes -= newest.sizeBytes;
    newest.keep();
    this.#sizeBytes += newest.sizeBytes;
  }

  clear(): void {
    this.#items = [];
    this.#sizeBytes = 0;
  }

  /** Everything after `seq`; undefined where some of it is no longer kept. `currentSeq`: the newest given out. */
  after(seq: number, currentSeq: number): readonly Sent[] | undefined {
    if (seq === currentSeq) return [];
    const oldest = this.#items[0]?.seq;
    if (oldest === undefined || seq > currentSeq || seq < oldest - 1) return undefined;
    return this.#items.filter((item) => item.seq > seq);
  }
}
