import type { LiveGap, LiveMessage } from '@fieldline/protocol';
import type { StreamFeed } from './stream-feed.svelte.ts';

/** Who shows which stream: hands each part of a live message to the feeds that want it. */
export class FeedHub {
  readonly #feeds = new Map<string, Set<StreamFeed>>();

  /** Feeds `feed` from now on and loads its history; the returned function ends it. */
  attach(feed: StreamFeed): () => void {
    const feeds = this.#feeds.get(feed.stream) ?? new Set();
    this.#feeds.set(feed.stream, feeds.add(feed));
    void feed.load();
    return () => {
      feed.close();
      feeds.delete(feed);
      if (feeds.size === 0) this.#feeds.delete(feed.stream);
    };
  }

  /** Hands on a message; a snapshot or skipped readings mean that feeds may have missed something. */
  apply(message: LiveMessage): void {
    if (message.type === 'delta') this.#applyDelta(message);
    if (message.type === 'lagging') this.reloadAll();
  }

  /** All feeds ask for their history again. */
  reloadAll(): void {
    for (const feeds of this.#feeds.values()) for (const feed of feeds) feed.reloadSoon();
  }

  #applyDelta(delta: Extract<LiveMessage, { type: 'delta' }>): void {
    for (const readings of delta.readings) {
      this.#each(readings.stream, (feed) => feed.noteReadings(readings));
    }
    for (const windows of delta.windows) {
      this.#each(windows.stream, (feed) => feed.noteWindows(windows));
    }
    for (const gap of delta.gaps) this.#applyGap(gap);
  }

  #applyGap(gap: LiveGap): void {
    const prefix = `${gap.device}/${gap.sensor}/`;
    for (const stream of this.#feeds.keys()) {
      if (stream.startsWith(prefix)) this.#each(stream, (feed) => feed.noteGap(gap));
    }
  }

  #each(stream: string, action: (feed: StreamFeed) => void): void {
    this.#feeds.get(stream)?.forEach(action);
  }
}
