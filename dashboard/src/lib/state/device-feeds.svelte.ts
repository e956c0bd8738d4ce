import type { Dashboard } from './dashboard.svelte.ts';
import type { StreamState } from './fleet.svelte.ts';
import { StreamFeed } from './stream-feed.svelte.ts';

/** Points asked of the history: about one a pixel of a chart. */
const historyPoints = 1000;

/** The feeds of one device's page: one a stream, shared by its chart and the map. */
export class DeviceFeeds {
  readonly #dashboard: Dashboard;
  readonly #feeds = new Map<string, StreamFeed>();
  readonly #detach: (() => void)[] = [];
  #rangeUs: number;

  constructor(dashboard: Dashboard, rangeUs: number) {
    this.#dashboard = dashboard;
    this.#rangeUs = rangeUs;
  }

  /** The feed of a stream, which begins with the first call. */
  of(stream: StreamState): StreamFeed {
    const name = stream.info.stream;
    const known = this.#feeds.get(name);
    if (known) return known;
    const options = {
      now: () => this.#dashboard.clock.exactNowUs(),
      rangeUs: this.#rangeUs,
      points: historyPoints,
    };
    const feed = new StreamFeed(name, options);
    this.#feeds.set(name, feed);
    this.#detach.push(this.#dashboard.feeds.attach(feed));
    return feed;
  }

  /** All feeds ask for the history of another range. */
  setRange(rangeUs: number): void {
    if (rangeUs === this.#rangeUs) return;
    this.#rangeUs = rangeUs;
    for (const feed of this.#feeds.values()) void feed.load(rangeUs);
  }

  /** Ends all feeds. */
  close(): void {
    for (const detach of this.#detach) detach();
  }
}
