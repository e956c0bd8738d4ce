/** Names that stand in braces, a level each. */
const capture = /^\{([a-z][a-zA-Z]*)\}$/;

/** Levels that one topic may have. */
const levelsMax = 32;

/**
 * A pattern of topics: levels between slashes; `{name}` takes one level and gives it a name, `+` takes any one
 * level, `#` at the end any number of them. As in MQTT (section 4.7.2) none takes a first level that begins with `$`.
 */
export class TopicPattern {
  readonly #levels: readonly string[];

  /** Throws RangeError, with a sentence for people, where the pattern is none. */
  constructor(pattern: string) {
    this.#levels = pattern.split('/');
    if (pattern === '' || this.#levels.length > levelsMax) throw new RangeError(`1 to ${levelsMax} levels`);
    for (const [index, level] of this.#levels.entries()) {
      if (level === '#' && index !== this.#levels.length - 1)
        throw new RangeError('# stands at the end alone');
      if (!capture.test(level) && level !== '+' && level !== '#' && /[+#{}]/.test(level))
        throw new RangeError(`"${level}" is neither a name in braces, nor +, nor #, nor plain`);
    }
    if (/^[+#{$]/.test(pattern)) throw new RangeError('the first level is plain and does not begin with $');
    if (this.#levels[0] === 'fieldline') throw new RangeError('fieldline/… belongs to the agents');
  }

  /** The names in a topic, or undefined where it does not match. */
  match(topic: string): Record<string, string> | undefined {
    const levels = topic.split('/');
    const hasRest = this.#levels.at(-1) === '#';
    const length = hasRest ? this.#levels.length - 1 : this.#levels.length;
    if (hasRest ? levels.length < length : levels.length !== length) return undefined;
    const names: Record<string, string> = {};
    for (let index = 0; index < length; index++) {
      const wanted = this.#levels[index] ?? '';
      const found = levels[index] ?? '';
      const name = capture.exec(wanted)?.[1];
      if (name !== undefined) names[name] = found;
      else if (wanted !== '+' && wanted !== found) return undefined;
    }
    return names;
  }

  /** The names that it takes out of a topic. */
  get names(): string[] {
    return this.#levels.flatMap((level) => capture.exec(level)?.[1] ?? []);
  }
}
