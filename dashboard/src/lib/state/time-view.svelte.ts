import { clampSpan, panSpan, zoomSpan, type TimeSpan } from '../series/time-span.ts';
import type { Router } from './router.svelte.ts';
import { ranges, readTimeChoice, defaultRange, writeTimeChoice, type TimeChoice } from './time-address.ts';

/** So long the axis must rest before the address follows it, in ms: browsers refuse addresses that change too often. */
const addressPauseMs = 250;

/**
 * The one time axis of a page. It lives, or it is frozen: by the reader's wish, or because a zoom or a step back
 * in time asks for a stretch that stands still. All of it stands in the address.
 */
export class TimeView {
  choice = $state.raw<TimeChoice>({ kind: 'live', rangeUs: ranges[defaultRange] });
  /** The time beneath the cursor of whatever the reader points at: charts and map share it. */
  cursorUs = $state<number | undefined>();
  readonly frozen = $derived(this.choice.kind === 'frozen');
  /** The length of the axis in µs. */
  readonly lengthUs = $derived(
    this.choice.kind === 'live' ? this.choice.rangeUs : this.choice.toUs - this.choice.fromUs,
  );
  readonly #router: Router;
  readonly #now: () => number;
  #liveRangeUs: number = ranges[defaultRange];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param now the gateway's time in µs */
  constructor(router: Router, now: () => number) {
    this.#router = router;
    this.#now = now;
    this.adopt(router.route.query);
  }

  /** The ends of the axis at `nowUs`. */
  spanAt(nowUs: number): TimeSpan {
    const { choice } = this;
    return choice.kind === 'frozen' ? choice : { fromUs: nowUs - choice.rangeUs, toUs: nowUs };
  }

  /** Takes over what an address says, when the reader steps through the history of the browser. */
  adopt(query: URLSearchParams): void {
    if (this.#timer !== undefined) return;
    const choice = readTimeChoice(query);
    if (choice.kind === 'live') this.#liveRangeUs = choice.rangeUs;
    if (!isSame(choice, this.choice)) this.choice = choice;
  }

  /** Stands still where it is. What arrives meanwhile is kept. */
  freeze(): void {
    if (!this.frozen) this.show(this.spanAt(this.#now()));
  }

  /** Moves again, with `rangeUs` or the length it had before it was frozen. */
  live(rangeUs = this.#liveRangeUs): void {
    this.#liveRangeUs = rangeUs;
    this.#set({ kind: 'live', rangeUs }, true);
  }

  /** Freezes, or lives again: the space bar. */
  toggle(): void {
    if (this.frozen) this.live();
    else this.freeze();
  }

  /** Shows a stretch and stands still. `step`: a step of its own in the history of the browser. */
  show(span: TimeSpan, options: { step?: boolean } = {}): void {
    this.#set({ kind: 'frozen', ...clampSpan(span, this.#now()) }, options.step ?? false);
  }

  /** Shows `factor` times as much (below 1: less) around a time, its middle by default. */
  zoom(factor: number, aroundUs?: number): void {
    const span = this.spanAt(this.#now());
    // What lives is zoomed at its newest end: that is where the reader looks.
    const fixed = this.frozen ? (span.fromUs + span.toUs) / 2 : span.toUs;
    this.show(zoomSpan(span, factor, aroundUs ?? fixed));
  }

  /** Moves by parts of the length; negative: back in time. */
  pan(parts: number): void {
    this.show(panSpan(this.spanAt(this.#now()), parts));
  }

  #set(choice: TimeChoice, step: boolean): void {
    this.choice = choice;
    clearTimeout(this.#timer);
    if (step) return this.#writeAddress(false);
    this.#timer = setTimeout(() => this.#writeAddress(true), addressPauseMs);
  }

  #writeAddress(replace: boolean): void {
    this.#timer = undefined;
    this.#router.setQuery((query) => writeTimeChoice(query, this.choice), { replace });
  }

  /** The page is left: nothing of it is written into the address of the next one. */
  close(): void {
    clearTimeout(this.#timer);
  }
}

function isSame(a: TimeChoice, b: TimeChoice): boolean {
  if (a.kind === 'live') return b.kind === 'live' && a.rangeUs === b.rangeUs;
  return b.kind === 'frozen' && a.fromUs === b.fromUs && a.toUs === b.toUs;
}
