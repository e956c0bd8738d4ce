import type { LiveGap, LiveMessage } from '@fieldline/protocol';
import { fetchHistory } from '../api/gateway-client.ts';
import { StreamSeries, type Arrival } from '../series/stream-series.ts';

/** Whether the history of a stream is here. */
export type FeedStatus = 'loading' | 'ready' | 'failed';

/** The least time between two requests for the history while a backlog drains, in ms. */
const reloadPauseMs = 3_000;

/** History first, then live: the series of one stream, for as long as something shows it. */
export class StreamFeed {
  readonly stream: string;
  readonly series = new StreamSeries();
  status = $state<FeedStatus>('loading');
  /** Raised when the series changed: what is derived from it must be derived again. */
  revision = $state(0);
  readonly #now: () => number;
  readonly #points: number;
  #rangeUs: number;
  #request = 0;
  #reloadTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(stream: string, options: { now: () => number; rangeUs: number; points: number }) {
    this.stream = stream;
    this.#now = options.now;
    this.#rangeUs = options.rangeUs;
    this.#points = options.points;
  }

  /** Asks for the history of `rangeUs` up to now; what is on the screen stays until the answer is here. */
  async load(rangeUs = this.#rangeUs): Promise<void> {
    this.#rangeUs = rangeUs;
    this.#request += 1;
    const request = this.#request;
    const toUs = this.#now();
    // One margin beyond the left edge, so that the line runs out of the picture instead of starting in it.
    const range = { fromUs: toUs - rangeUs * 1.02, toUs, points: this.#points };
    const answer = await fetchHistory(this.stream, range);
    if (request !== this.#request) return;
    if (answer.ok) this.series.applyHistory(answer.value, toUs);
    this.status = answer.ok ? 'ready' : 'failed';
    this.revision += 1;
  }

  /** Asks again soon, at most once a pause. */
  reloadSoon(): void {
    this.#reloadTimer ??= setTimeout(() => {
      this.#reloadTimer = undefined;
      void this.load();
    }, reloadPauseMs);
  }

  /** Takes what a delta holds for this stream. */
  note(arrival: Arrival): void {
    this.revision += 1;
    if (arrival === 'backfilled') this.reloadSoon();
  }

  /** Records a gap of its sensor. */
  noteGap(gap: LiveGap): void {
    this.series.appendGap(gap);
    this.revision += 1;
  }

  /** No answer is awaited any more. */
  close(): void {
    this.#request += 1;
    clearTimeout(this.#reloadTimer);
  }
}

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
      this.#each(readings.stream, (feed) => feed.note(feed.series.appendReadings(readings)));
    }
    for (const windows of delta.windows) {
      this.#each(windows.stream, (feed) => feed.note(feed.series.appendWindows(windows)));
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
