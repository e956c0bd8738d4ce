/** Every limit of the local journal, with its unit. */

/** A segment is closed, and the next one begun, once it holds this many bytes. */
export const segmentBytesDefault = 16 * 1024 * 1024;
/** Smaller segments would cost more in files than they save. */
export const segmentBytesMin = 4 * 1024;
/** Retention by bytes keeps at least this many segments, so that it never drops most of the log at once. */
export const retainedSegmentsMin = 8;
/** Key and value of one record together. */
export const recordBodyBytesMax = 32 * 1024 * 1024;
/** The key alone, as UTF-8. */
export const keyBytesMax = 255;
/** Records that wait for the disk; an append beyond it is rejected, since the heap is no queue. */
export const pendingBytesMax = 64 * 1024 * 1024;
/** A group buffer that has grown beyond this is given back after its commit. */
export const groupBufferBytesKept = 2 * 1024 * 1024;
/** The first size of a group buffer. */
export const groupBufferBytesInitial = 64 * 1024;
/** One read call of a scan; a longer record enlarges it for itself. */
export const scanChunkBytesMax = 256 * 1024;
/** The shortest read call of a scan. */
export const scanChunkBytesMin = 16 * 1024;
/** Distance between two entries of a segment's sparse index. */
export const indexIntervalBytes = 64 * 1024;
/** Segments whose sparse index is kept in memory. */
export const indexedSegmentsMax = 64;
/** Damaged places that are told apart in one segment; further ones are skipped uncounted. */
export const damagedRangesPerSegmentMax = 1024;
/** Bytes kept in the quarantine folder; beyond it damaged tails are counted and not copied. */
export const quarantineBytesMax = 64 * 1024 * 1024;
/** One slot of the cursor file: what all cursors may take as JSON, with its header. */
export const cursorSlotBytes = 4096;
