import type { Router } from './router.svelte.ts';

/** Quantiles that can be drawn beside the mean. */
export const quantileNames = ['p50', 'p95', 'p99'] as const;
/** One of them. */
export type QuantileName = (typeof quantileNames)[number];

/** Streams shown at once; each is a chart. */
export const mostExplored = 20;

/** What the Explore page shows, all of it in its address: `?s=STREAM&s=…&q=p95&compare=1d`. */
export class Exploration {
  readonly #router: Router;
  readonly streams = $derived.by(() =>
    [...new Set(this.#router.route.query.getAll('s'))].slice(0, mostExplored),
  );
  readonly quantiles = $derived.by(() => {
    const named = this.#router.route.query.get('q')?.split(',') ?? [];
    return quantileNames.filter((name) => named.includes(name));
  });
  readonly comparing = $derived.by(() => this.#router.route.query.get('compare') === '1d');

  constructor(router: Router) {
    this.#router = router;
  }

  /** Shows one more stream. */
  add(stream: string): void {
    if (this.streams.includes(stream)) return;
    this.#router.setQuery((query) => query.append('s', stream));
  }

  /** Shows one stream less. */
  remove(stream: string): void {
    this.#router.setQuery((query) => {
      const rest = this.streams.filter((each) => each !== stream);
      query.delete('s');
      for (const each of rest) query.append('s', each);
    });
  }

  /** Draws a quantile, or draws it no more. */
  toggleQuantile(name: QuantileName): void {
    const wanted = quantileNames.filter((each) => this.quantiles.includes(each) !== (each === name));
    this.#router.setQuery((query) => setOrDelete(query, 'q', wanted.join(',')), { replace: true });
  }

  /** Draws the day before beneath, or draws it no more. */
  toggleComparing(): void {
    const wanted = this.comparing ? '' : '1d';
    this.#router.setQuery((query) => setOrDelete(query, 'compare', wanted), { replace: true });
  }
}

function setOrDelete(query: URLSearchParams, key: string, value: string): void {
  if (value === '') query.delete(key);
  else query.set(key, value);
}
