import { OneReadingBatch, type Batch } from '@fieldline/protocol';
import { countsOf } from '../ledger/batch-counts.ts';

/**
 * Holds each device to a number of streams. Those that batches under way name for the first time count too: a
 * device that sends many batches at once would else get past the limit before the first of them is durable.
 */
export class StreamLimit {
  readonly #streamsMax: number;
  /** By device: new streams, and how many batches under way name them. */
  readonly #underWay = new Map<string, Map<string, number>>();
  readonly #takenBy = new WeakMap<Batch, readonly string[]>();

  constructor(streamsMax: number) {
    this.#streamsMax = streamsMax;
  }

  /** Takes room for the streams that are not among the `known`; false where there is none, and nothing is taken. */
  take(batch: Batch, known: ReadonlySet<string>): boolean {
    if (namesOnly(batch, known)) return true;
    const fresh = namesOf(batch).filter((stream) => !known.has(stream));
    if (fresh.length === 0) return true;
    const underWay = this.#underWay.get(batch.device) ?? new Map<string, number>();
    const all = new Set([...underWay.keys(), ...fresh].filter((stream) => !known.has(stream)));
    if (known.size + all.size > this.#streamsMax) return false;
    for (const stream of fresh) underWay.set(stream, (underWay.get(stream) ?? 0) + 1);
    this.#underWay.set(batch.device, underWay);
    this.#takenBy.set(batch, fresh);
    return true;
  }

  /** Gives the room back: the batch is recorded, and its streams are known, or it is not and they are not. */
  release(batch: Batch): void {
    if (this.#underWay.size === 0) return;
    const underWay = this.#underWay.get(batch.device);
    for (const stream of this.#takenBy.get(batch) ?? []) {
      const count = (underWay?.get(stream) ?? 0) - 1;
      if (count > 0) underWay?.set(stream, count);
      else underWay?.delete(stream);
    }
    this.#takenBy.delete(batch);
    if (underWay?.size === 0) this.#underWay.delete(batch.device);
  }
}

/** Whether a batch names only streams of these, as nearly every batch does. */
function namesOnly(batch: Batch, known: ReadonlySet<string>): boolean {
  if (batch instanceof OneReadingBatch) return known.has(batch.outline.stream);
  if (batch.dropped) return false;
  for (const stream in batch.ledger) if (!known.has(stream)) return false;
  for (const stream of countsOf(batch).keys()) if (!known.has(stream)) return false;
  return true;
}

/** Every stream that a batch names, once. */
function namesOf(batch: Batch): string[] {
  const names = new Set([...countsOf(batch).keys(), ...Object.keys(batch.ledger)]);
  for (const [, , , counts] of batch.dropped ?? [])
    for (const stream of Object.keys(counts)) names.add(stream);
  return [...names];
}
