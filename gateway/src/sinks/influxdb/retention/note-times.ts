import { OneReadingBatch, type Batch } from '@fieldline/protocol';
import type { RetiredReadings } from './retired-readings.ts';

/** Notes every time that a batch brings points for. */
export function noteTimes(batch: Batch, retired: RetiredReadings): void {
  if (batch instanceof OneReadingBatch) return retired.note(batch.timeUs, batch.device);
  for (const block of batch.sensors) {
    const times = block.kind === 'readings' ? block.t : block.kind === 'windows' ? block.start : block.from;
    for (let at = 0; at < times.length; at++) retired.note(times[at]!, batch.device);
  }
}
