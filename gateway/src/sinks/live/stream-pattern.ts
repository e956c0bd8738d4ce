/** Streams that a viewer wants: names in which each part may be `*`; `*` alone stands for all. */
export class StreamPatterns {
  /** The same for the same patterns in any order: viewers with one key share their frames. */
  readonly key: string;
  readonly #patterns: readonly (readonly string[])[];
  readonly #known = new Map<string, boolean>();

  constructor(patterns: readonly string[]) {
    const distinct = [...new Set(patterns)].sort();
    this.key = distinct.join('\n');
    this.#patterns = distinct.map((pattern) => (pattern === '*' ? ['*', '*', '*'] : pattern.split('/')));
  }

  matchesStream(stream: string): boolean {
    const known = this.#known.get(stream);
    if (known !== undefined) return known;
    const matches = this.#matches(stream.split('/'));
    if (this.#known.size >= knownMax) this.#known.clear();
    this.#known.set(stream, matches);
    return matches;
  }

  /** Whether some stream of the device or of its sensor could match. */
  matchesPrefix(...parts: readonly string[]): boolean {
    return this.#patterns.some((pattern) => parts.every((part, index) => partMatches(pattern[index], part)));
  }

  #matches(parts: readonly string[]): boolean {
    return this.#patterns.some(
      (pattern) =>
        pattern.length === parts.length && parts.every((part, index) => partMatches(pattern[index], part)),
    );
  }
}

/** Answers remembered a set of patterns; beyond it they are worked out again. */
const knownMax = 20_000;

function partMatches(pattern: string | undefined, part: string): boolean {
  return pattern === '*' || pattern === part;
}
