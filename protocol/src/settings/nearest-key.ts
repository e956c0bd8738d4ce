/**
 * The known key nearest to an unknown one, by Levenshtein's distance (1966), letter case aside; undefined
 * where none is near enough to be meant.
 */
export function nearestKey(unknown: string, known: readonly string[]): string | undefined {
  const limit = Math.max(2, Math.ceil(unknown.length / 2));
  let nearest: string | undefined;
  let least = limit + 1;
  for (const key of known) {
    const distance = editDistance(unknown.toLowerCase(), key.toLowerCase());
    if (distance < least) {
      least = distance;
      nearest = key;
    }
  }
  return nearest;
}

/** Insertions, deletions and replacements that turn one text into the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
