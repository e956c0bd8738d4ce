/** What a batch may be at most. All of them hold before memory is taken for what a message declares. */
export const batchLimits = {
  /** Bytes of a message after inflating it; `decodeBatch` takes another figure as an option. */
  inflatedBytes: 8 * 1024 * 1024,
  /** Values of all columns of a batch together; packed columns could declare far more than they are long. */
  values: 1_000_000,
  /** Maps and arrays inside one another; a batch needs 6. */
  depth: 12,
  /** Maps and arrays in one message. */
  containers: 100_000,
  /** Sensor blocks of a batch. */
  blocks: 10_000,
  /** Quantities of a block. */
  quantities: 256,
  /** Streams in the ledger, and in the counts of a dropped range. */
  streams: 10_000,
  /** Ranges in `dropped`. */
  droppedRanges: 10_000,
  /** Characters of an epoch or a boot id. */
  idLength: 64,
  /** Characters of the reason of a gap or a dropped range, and of a window's kind. */
  reasonLength: 128,
} as const;
