import type { Dashboard } from './dashboard.svelte.ts';
import { StreamFeed } from './stream-feed.svelte.ts';
import type { TimeChoice } from './time-address.ts';
import type { TimeView } from './time-view.svelte.ts';

/** Points asked of the history: about one a pixel of a chart. */
const historyPoints = 1000;

/** The feeds of one page: one a stream, all on one time axis, shared by charts and map. */
export class FeedSet {
  readonly #dashboard: Dashboard;
  readonly #view: TimeView;
  readonly #feeds = new Map<string, { feed: StreamFeed; detach: () => void }>();
  /** Readings that had arrived when the axis froze. */
  #arrivedBefore = 0;
  #frozen = false;

  constructor(dashboard: Dashboard, view: TimeView) {
    this.#dashboard = dashboard;
    this.#view = view;
    this.#frozen = view.frozen;
  }

  /** The feed of a stream, which begins with the first call. */
  of(stream: string): StreamFeed {
    const known = this.#feeds.get(stream);
    if (known) return known.feed;
    const { choice, lengthUs } = this.#view;
    const feed = new StreamFeed(stream, {
      histories: this.#dashboard.histories,
      now: () => this.#dashboard.clock.exactNowUs(),
      rangeUs: lengthUs,
      points: historyPoints,
      still: choice.kind === 'frozen' ? choice : undefined,
    });
    this.#feeds.set(stream, { feed, detach: this.#dashboard.feeds.attach(feed) });
    return feed;
  }

  /** Ends the feeds of all streams but these. */
  keepOnly(streams: readonly string[]): void {
    for (const [stream, { detach }] of this.#feeds) {
      if (streams.includes(stream)) continue;
      detach();
      this.#feeds.delete(stream);
    }
  }

  /** All feeds follow the axis. */
  follow(choice: TimeChoice): void {
    const frozen = choice.kind === 'frozen';
    if (frozen && !this.#frozen) this.#arrivedBefore = this.#arrived();
    this.#frozen = frozen;
    for (const { feed } of this.#feeds.values()) feed.follow(choice);
  }

  /** Readings that have come since the axis froze; 0 while it lives. */
  newPoints(): number {
    return this.#frozen ? Math.max(0, this.#arrived() - this.#arrivedBefore) : 0;
  }

  /** Ends all feeds. */
  close(): void {
    this.keepOnly([]);
  }

  #arrived(): number {
    let sum = 0;
    for (const { feed } of this.#feeds.values()) sum += feed.arrived;
    return sum;
  }
}
