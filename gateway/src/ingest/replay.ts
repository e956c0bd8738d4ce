import type { DeadLetters } from '../parts.ts';
import type { Ingest, Settlement } from './ingest.ts';

/** What became of a dead letter that was replayed. */
export type ReplayOutcome = Settlement | { readonly outcome: 'unknown' | 'cut' };

/**
 * Gives a dead letter to ingest once more, as if its device sent it now: after a limit was raised, a clock set
 * right, a newer version installed. What is stored then, or was stored meanwhile, is a letter no more; what is
 * refused again stays, with the reason of now.
 */
export class Replay {
  readonly #deadLetters: DeadLetters;
  readonly #ingest: Pick<Ingest, 'takeAgain'>;

  constructor(deadLetters: DeadLetters, ingest: Pick<Ingest, 'takeAgain'>) {
    this.#deadLetters = deadLetters;
    this.#ingest = ingest;
  }

  async run(id: number): Promise<ReplayOutcome> {
    const letter = this.#deadLetters.get(id);
    const kept = this.#deadLetters.payload(id);
    if (!letter || !kept) return { outcome: 'unknown' };
    if (!kept.isReplayable) return { outcome: 'cut' };
    const { device, topic } = letter;
    const settlement = await this.#ingest.takeAgain({ device, topic, payload: kept.payload });
    if (settlement.outcome === 'refused') this.#deadLetters.explain(id, settlement);
    else if (settlement.outcome !== 'unavailable') this.#deadLetters.remove(id);
    return settlement;
  }
}
