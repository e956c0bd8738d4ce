import type { BatchLog } from './batch-log.ts';

type Log = Pick<BatchLog, 'read' | 'firstOffset' | 'nextOffset'>;

/** The first offset whose entry was journaled at or after `timeUs`; the end of the log where there is none. */
export async function offsetAt(log: Log, timeUs: number): Promise<number> {
  let low = log.firstOffset;
  let high = log.nextOffset;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [entry] = await log.read(middle, { maxBytes: 1, maxRecords: 1 });
    // Recovery from damage leaves offsets out: the entry may stand further on.
    if (!entry || entry.offset >= high) high = middle;
    else if (entry.receivedAtUs >= timeUs) high = middle;
    else low = entry.offset + 1;
  }
  return low;
}
