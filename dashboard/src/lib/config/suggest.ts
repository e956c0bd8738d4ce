/** What is proposed: how readings are thinned. */
export type Method = 'window' | 'deadband' | 'swinging-door';

/** What is wanted: an error no larger than this, in the unit of the stream; or no more bytes a day than this. */
export type Wish =
  | { readonly kind: 'largest-error'; readonly value: number }
  | { readonly kind: 'bytes-a-day'; readonly value: number };

/** What a setting would do, as the device measures it on its last readings. */
export interface Measured {
  readonly worstError: number;
  readonly bytesPerDay: number;
}

/** A setting and what it would do; `fits` says whether that is what was wanted, or only the nearest to it. */
export interface Suggestion extends Measured {
  readonly setting: string | number;
  readonly fits: boolean;
}

/** Windows that people choose, short ones first. */
const windows = ['200ms', '500ms', '1s', '2s', '5s', '10s', '15s', '30s', '1m', '2m', '5m'] as const;

/** Deviations tried for a wanted number of bytes: so many, from a thousandth of the range to all of it. */
const deviationSteps = 24;

/**
 * The settings of a method from the finest to the coarsest: each next one errs more and sends less.
 * @param range highest minus lowest of the readings, in the unit of the stream
 */
export function settingsOf(method: Method, wish: Wish, range: number): readonly (string | number)[] {
  if (method === 'window') return windows;
  // A deviation is its own largest error: there is nothing to search for.
  if (wish.kind === 'largest-error') return [round(wish.value)];
  const span = range > 0 ? range : 1;
  return Array.from({ length: deviationSteps }, (_, step) =>
    round(span * 10 ** (-3 + (3 * step) / (deviationSteps - 1))),
  );
}

/**
 * Finds the best setting by bisection, with at most one measurement for each halving of the list: for a largest
 * error the coarsest that keeps to it, for a number of bytes the finest. Undefined where a measurement failed.
 */
export async function suggest(
  settings: readonly (string | number)[],
  wish: Wish,
  measure: (setting: string | number) => Promise<Measured | undefined>,
): Promise<Suggestion | undefined> {
  const wantsCoarse = wish.kind === 'largest-error';
  let best: Suggestion | undefined;
  let nearest: Suggestion | undefined;
  let [low, high] = [0, settings.length - 1];
  while (low <= high) {
    const middle = wantsCoarse ? Math.ceil((low + high) / 2) : Math.floor((low + high) / 2);
    const setting = settings[middle];
    const measured = setting === undefined ? undefined : await measure(setting);
    if (setting === undefined || !measured) return undefined;
    const fits = wantsCoarse ? measured.worstError <= wish.value : measured.bytesPerDay <= wish.value;
    const found = { setting, fits, ...measured };
    if (fits) best = found;
    nearest = found;
    if (fits === wantsCoarse) low = middle + 1;
    else high = middle - 1;
  }
  return best ?? nearest;
}

/** Three digits: a proposal that people can read. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}
