/** `text` as one word of a POSIX shell (IEEE 1003.1, 2.2.2): nothing in it is special any more. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
