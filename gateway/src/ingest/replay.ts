import { parseTopic } from '@fieldline/protocol';
import type { DeadLetters } from '../parts.ts';
import type { Dialects } from './dialects/dialects.ts';
import type { Ingest, Settlement } from './ingest.ts';

/** What became of a dead letter that was replayed. */
export type ReplayOutcome = Settlement | { readonly outcome: 'unknown' | 'cut' };

/** Where letters come from, and who takes them. */
export interface ReplayParts {
  readonly deadLetters: DeadLetters;
  readonly ingest: Pick<Ingest, 'takeAgain'>;
  readonly dialects: Pick<Dialects, 'takeAgain'>;
}

/**
 * Gives a dead letter to ingest once more, as if its device sent it now: after a limit was raised, a clock set
 * right, a newer version installed. What is stored then, or was stored meanwhile, is a letter no more; what is
 * refused again stays, with the reason of now.
 */
export class Replay {
  readonly #parts: ReplayParts;
  /** Letters that are being replayed: asked for twice, they are given to ingest once. */
  readonly #running = new Map<number, Promise<ReplayOutcome>>();

  constructor(parts: ReplayParts) {
    this.#parts = parts;
  }

  run(id: number): Promise<ReplayOutcome> {
    const known = this.#running.get(id);
    if (known) return known;
    const running = this.#run(id).finally(() => this.#running.delete(id));
    this.#running.set(id, running);
    return running;
  }

  async #run(id: number): Promise<ReplayOutcome> {
    const { deadLetters, ingest, dialects } = this.#parts;
    const letter = deadLetters.get(id);
    const kept = deadLetters.payload(id);
    if (!letter || !kept) return { outcome: 'unknown' };
    if (!kept.isReplayable) return { outcome: 'cut' };
    const { device, topic, atUs } = letter;
    const { payload } = kept;
    const settlement = parseTopic(topic)
      ? await ingest.takeAgain({ device, topic, payload })
      : await dialects.takeAgain({ account: device, topic, payload }, atUs);
    if (settlement.outcome === 'refused') deadLetters.explain(id, settlement);
    else if (settlement.outcome !== 'unavailable' && deadLetters.get(id)?.count === letter.count)
      // A count that has risen is the same batch, given up anew by its clock: then the letter is all that is left.
      deadLetters.remove(id);
    return settlement;
  }
}
