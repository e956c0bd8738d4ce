/** A number as instruments print it: `23.4`, `-.5`, `1e3`, `nan`, `-inf`. Every repetition is bounded. */
const number = /[+-]?(?:(?:\d{1,64}(?:\.\d{0,64})?|\.\d{1,64})(?:e[+-]?\d{1,4})?|nan|inf(?:inity)?)/iy;

/** The number that begins at `at`, and where it ends; undefined where none does. Not finite where it says so. */
export function numberAt(text: string, at: number): { value: number; end: number } | undefined {
  number.lastIndex = at;
  const match = number.exec(text);
  return match ? { value: toNumber(match[0]), end: at + match[0].length } : undefined;
}

/** The number that a text is, with nothing but spaces around it; undefined where it is none. */
export function parseNumber(text: string): number | undefined {
  const trimmed = text.trim();
  const found = numberAt(trimmed, 0);
  return found?.end === trimmed.length ? found.value : undefined;
}

function toNumber(text: string): number {
  const lower = text.toLowerCase();
  if (lower.endsWith('nan')) return Number.NaN;
  if (!lower.includes('inf')) return Number(lower);
  return lower.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
