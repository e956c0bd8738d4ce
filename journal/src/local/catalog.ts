import { indexedSegmentsMax } from './limits.ts';
import type { DamagedRange } from './segment-scanner.ts';
import type { Segment } from './segment.ts';

/** The segments of the log, oldest first; the last one is written to. */
export class Catalog {
  quarantinedBytes = 0;
  quarantinedRanges = 0;
  readonly #segments: Segment[];
  readonly #indexed = new Set<Segment>();
  #active: Segment;
  #sizeBytes = 0;

  constructor(older: readonly Segment[], active: Segment) {
    this.#segments = [...older, active];
    this.#active = active;
    for (const segment of this.#segments) this.#sizeBytes += segment.sizeBytes;
  }

  get count(): number {
    return this.#segments.length;
  }
  /** Durable bytes of all segments. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }
  get oldest(): Segment {
    return this.#at(0);
  }
  get second(): Segment | undefined {
    return this.#segments[1];
  }
  /** The segment that is written to. */
  get active(): Segment {
    return this.#active;
  }

  /** Begins a new active segment. */
  add(segment: Segment): void {
    this.#segments.push(segment);
    this.#active = segment;
    this.#sizeBytes += segment.sizeBytes;
  }

  /** Counts bytes that became durable at the end of the active segment. */
  grow(bytes: number): void {
    this.active.sizeBytes += bytes;
    this.#sizeBytes += bytes;
  }

  /** Takes the oldest segment out; its file is the caller's to delete. */
  removeOldest(): Segment {
    const oldest = this.oldest;
    this.#segments.shift();
    this.#indexed.delete(oldest);
    this.#sizeBytes -= oldest.sizeBytes;
    oldest.removed = true;
    return oldest;
  }

  /** Begins a new active segment in the place of an empty one, whose file is of no more use. */
  replaceActive(segment: Segment): void {
    this.#active.removed = true;
    this.#segments.pop();
    this.add(segment);
  }

  /** The segment that holds `offset`, or the first one after it, with the first offset that is not in it any more. */
  find(offset: number): { segment: Segment; endOffset: number } {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#at(middle).firstOffset <= offset) low = middle + 1;
      else high = middle;
    }
    const index = Math.max(0, low - 1);
    return { segment: this.#at(index), endOffset: this.#segments[index + 1]?.firstOffset ?? Infinity };
  }

  /** Marks a segment's index as used, and forgets the one unused longest where too many are kept. */
  touchIndex(segment: Segment): void {
    this.#indexed.delete(segment);
    this.#indexed.add(segment);
    if (this.#indexed.size <= indexedSegmentsMax) return;
    const [stalest] = this.#indexed;
    if (!stalest) return;
    stalest.index.clear();
    this.#indexed.delete(stalest);
  }

  /** Counts damaged places of a segment, each once. */
  noteDamage(segment: Segment, ranges: readonly DamagedRange[]): void {
    if (ranges.length === 0) return;
    const fresh = segment.noteDamage(ranges);
    this.quarantinedBytes += fresh.bytes;
    this.quarantinedRanges += fresh.ranges;
  }

  #at(index: number): Segment {
    return this.#segments[index] ?? this.#active;
  }
}
