import type { JournaledBatch } from '../../gateway/src/journal/batch-log.ts';
import { Entries, gap, readings, secondUs } from '../contract/store-batches.ts';

/** Readings an hour. */
export const anHour = 360;
/** Readings that each entry after the first four brings for the first hour, which is retired by then or soon after. */
export const lateAnEntry = 6;
/** Entries without late readings, at the start. */
const punctual = 4;
const hourS = 3600;
export const hourUs = hourS * secondUs;

/** The journal: an hour of one stream an entry, with a gap; from the fifth on with readings that come very late. */
export function retireJournal(length: number): JournaledBatch[] {
  const entries = new Entries('greenhouse-1');
  return Array.from({ length }, (_, hour) => {
    const rows = Array.from({ length: anHour }, (_row, index) => {
      const second = hour * hourS + index * (hourS / anHour);
      return [second, second] as const;
    });
    const late = Array.from(
      { length: lateAnEntry },
      (_row, index) => [hour + index * 60 + 0.5, hour] as const,
    );
    const blocks = [
      readings('air', 'temperature', rows),
      gap('air', hour * hourS, hour * hourS + 5, 'cable'),
    ];
    if (hour >= punctual) blocks.push(readings('air', 'temperature', late));
    return entries.next(...blocks);
  });
}

/** All readings of such a journal. */
export function readingsOf(length: number): number {
  return length * anHour + Math.max(0, length - punctual) * lateAnEntry;
}
