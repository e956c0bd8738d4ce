import type { LiveClient } from './live-client.ts';
import type { LiveEntry } from './live-entries.ts';
import { StreamPatterns } from './stream-pattern.ts';

const unknown = 0;
const wanted = 1;
const unwanted = 2;

/** Viewers who want the same: their frames are made once. */
export class Subscription {
  readonly patterns: StreamPatterns;
  readonly clients = new Set<LiveClient>();
  /** The newest message that tells numbers, and which: viewers who come together get the same. */
  told: { readonly from: number; readonly to: number; readonly frame: Buffer | undefined } | undefined;
  /** By number of the entry. */
  #known = new Uint8Array(1024);

  constructor(streams: readonly string[]) {
    this.patterns = new StreamPatterns(streams);
  }

  wants = (entry: LiveEntry): boolean => {
    if (entry.id >= this.#known.length) this.#grow(entry.id);
    const known = this.#known[entry.id];
    if (known !== unknown) return known === wanted;
    const wants = this.patterns.matchesStream(entry.stream);
    this.#known[entry.id] = wants ? wanted : unwanted;
    return wants;
  };

  #grow(id: number): void {
    const larger = new Uint8Array(Math.max(id + 1, 2 * this.#known.length));
    larger.set(this.#known);
    this.#known = larger;
  }
}
