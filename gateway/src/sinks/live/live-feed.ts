import type { JournaledBatch, Sink, SinkOpening, SinkOutcome } from '../sink.ts';

/** Hears each journaled batch once, in journal order, as soon as it is durable. Must not block. */
export type LiveListener = (entries: readonly JournaledBatch[]) => void;

/** The sink that stores nothing: it hands new batches to whoever shows them. It starts at the journal's end. */
export class LiveFeed implements Sink {
  readonly name = 'live';
  readonly #listeners = new Set<LiveListener>();

  /** Returns the unsubscriber. */
  listen(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async open(): Promise<SinkOpening> {
    return { kind: 'ready', resumeAt: undefined };
  }

  async write(entries: readonly JournaledBatch[]): Promise<SinkOutcome> {
    for (const listener of this.#listeners) listener(entries);
    return { kind: 'stored' };
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }
}
