/** What the registry knows of one error: everything a person needs who meets it for the first time. */
export interface ErrorEntry {
  /** Stable number, in the range of its stage (see `registry.ts`); never reused. */
  readonly number: number;
  /** One sentence: what happened. */
  readonly title: string;
  /** One sentence: what to do about it. */
  readonly remedy: string;
}

/** Keeps the literal keys of a table of entries, so that codes are a closed union of strings. */
export function defineErrors<const Table extends Record<string, ErrorEntry>>(table: Table): Table {
  return table;
}
