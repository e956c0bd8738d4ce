/** Decimal or exponent notation, white space around it, and nothing else: `Number` would take '' and 0x10 too. */
const plain = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;

/** Words that switches and binary sensors say in place of 1 and 0. */
const words: Readonly<Record<string, number>> = { on: 1, off: 0, true: 1, false: 0, open: 1, closed: 0 };

/** The number of a text: plain, or one of the words on, off, true, false, open, closed; else undefined. */
export function plainNumber(text: string): number | undefined {
  if (plain.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  const word = text.trim().toLowerCase();
  return Object.hasOwn(words, word) ? words[word] : undefined;
}
