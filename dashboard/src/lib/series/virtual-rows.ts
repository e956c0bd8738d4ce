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
 * window of `viewPx` (negative once it is scrolled past). As many wherever the window stands, so that rows which leave at one
 * edge can come back at the other.
 */
export function rowWindow(list: { count: number; rowPx: number; topPx: number; viewPx: number }): RowWindow {
  const { count, rowPx, topPx, viewPx } = list;
  // A window cuts a row at either edge, wherever it stands.
  const rows = Math.min(count, Math.floor(viewPx / rowPx) + 2 + 2 * overscanRows);
  const first = Math.min(count - rows, Math.max(0, Math.floor(-topPx / rowPx) - overscanRows));
  return { first, end: first + rows };
}
