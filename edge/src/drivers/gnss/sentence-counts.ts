/** Types that are counted by name; a line of noise with right checksums must not fill the memory. */
const typesMax = 64;

/** How many sentences of each type came: those that a fix is made of, and those that nothing is known of. */
export class SentenceCounts {
  readonly known: Record<string, number> = {};
  readonly unknown: Record<string, number> = {};

  /** Counts one sentence; types beyond the 64th together as `other`. */
  count(type: string, isKnown: boolean): void {
    const counts = isKnown ? this.known : this.unknown;
    const seen = counts[type];
    if (seen !== undefined) counts[type] = seen + 1;
    else if (Object.keys(counts).length < typesMax) counts[type] = 1;
    else counts['other'] = (counts['other'] ?? 0) + 1;
  }
}
