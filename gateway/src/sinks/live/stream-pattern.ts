/**
 * Streams that a viewer wants: names in which each part may be `*`; `*` alone stands for all. A name is looked up in
 * each form that a pattern could have for it, eight at most, so that it costs the same however many patterns a viewer
 * sends.
 */
export class StreamPatterns {
  /** The same for the same patterns in any order: viewers with one key share their frames. */
  readonly key: string;
  readonly #patterns: ReadonlySet<string>;
  /** The first parts of the patterns, from one part on. */
  readonly #beginnings: ReadonlySet<string>;
  readonly #known = new Map<string, boolean>();

  constructor(patterns: readonly string[]) {
    const distinct = [...new Set(patterns)].sort();
    this.key = distinct.join('\n');
    this.#patterns = new Set(distinct.map((pattern) => (pattern === '*' ? '*/*/*' : pattern)));
    this.#beginnings = new Set([...this.#patterns].flatMap(beginningsOf));
  }

  /** Whether every stream matches. */
  get matchesAll(): boolean {
    return this.#patterns.has('*/*/*');
  }

  matchesStream(stream: string): boolean {
    const known = this.#known.get(stream);
    if (known !== undefined) return known;
    const matches = holdsFormOf(this.#patterns, stream.split('/'));
    if (this.#known.size >= knownMax) this.#known.clear();
    this.#known.set(stream, matches);
    return matches;
  }

  /** Whether some stream of the device or of its sensor could match. */
  matchesPrefix(...parts: readonly string[]): boolean {
    return holdsFormOf(this.#beginnings, parts);
  }
}

/** Answers remembered a set of patterns; beyond it they are worked out again. */
const knownMax = 20_000;

/** Parts of a stream's name: device, sensor, quantity. */
const partsMax = 3;

function beginningsOf(pattern: string): string[] {
  const parts = pattern.split('/', partsMax);
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
}

/** Whether `patterns` holds these parts with any of them, or none, replaced by `*`. */
function holdsFormOf(patterns: ReadonlySet<string>, parts: readonly string[]): boolean {
  if (parts.length > partsMax) return false;
  for (let replaced = 0; replaced < 1 << parts.length; replaced++) {
    const form = parts.map((part, index) => ((replaced >> index) & 1 ? '*' : part));
    if (patterns.has(form.join('/'))) return true;
  }
  return false;
}
