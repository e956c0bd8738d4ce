/** Rows kept beyond both edges of the window: a fast scroll does not outrun them. */
const overscanRows = 8;

/** Which rows of a long list are in sight, and where they stand. */
export interface RowWindow {
  readonly first: number;
  /** One beyond the last. */
  readonly end: number;
}

/**
 * The rows to be drawn of a list of `count` rows of one height, whose upper edge is `topPx` below the upper edge of a
 * window of `viewPx` (negative once it is scrolled past).
 */
export function rowWindow(list: { count: number; rowPx: number; topPx: number; viewPx: number }): RowWindow {
  const { count, rowPx, topPx, viewPx } = list;
  const first = Math.max(0, Math.floor(-topPx / rowPx) - overscanRows);
  const end = Math.min(count, Math.ceil((viewPx - topPx) / rowPx) + overscanRows);
  return { first: Math.min(first, count), end: Math.max(Math.min(first, count), end) };
}
