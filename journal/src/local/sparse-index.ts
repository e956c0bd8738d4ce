import { indexIntervalBytes } from './limits.ts';

/**
 * Where some records of a segment stand: one about every 64 KiB, and the places where readers stopped. Kept
 * in memory only, and built from what scans and appends pass by anyway: losing it costs one scan.
 */
export class SparseIndex {
  #relatives: number[] = [];
  #positions: number[] = [];
  /** Where the latest readers stopped, newest last: they most often go on there. */
  readonly #resume = new Map<number, number>();

  /** Notes that the record `relative` (offset less the segment's first) stands at file position `position`. */
  note(relative: number, position: number): void {
    const last = this.#positions.length - 1;
    if (last >= 0 && position < (this.#positions[last] ?? 0) + indexIntervalBytes) return;
    if (last < 0 && position < indexIntervalBytes) return;
    this.#relatives.push(relative);
    this.#positions.push(position);
  }

  /** Notes where a reader stopped. */
  noteResume(relative: number, position: number): void {
    this.#resume.delete(relative);
    this.#resume.set(relative, position);
    if (this.#resume.size <= resumePlacesMax) return;
    const [oldest] = this.#resume.keys();
    if (oldest !== undefined) this.#resume.delete(oldest);
  }

  /** A file position at or before the record `relative` or, where it is missing, the next one. */
  seek(relative: number): number {
    const exact = this.#resume.get(relative);
    if (exact !== undefined) return exact;
    let low = 0;
    let high = this.#relatives.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#relatives[middle] ?? 0) <= relative) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : (this.#positions[low - 1] ?? 0);
  }

  /** Forgets everything: it is rebuilt by the next reader. */
  clear(): void {
    this.#relatives = [];
    this.#positions = [];
    this.#resume.clear();
  }
}

/** Reading places remembered in one segment. */
const resumePlacesMax = 16;
