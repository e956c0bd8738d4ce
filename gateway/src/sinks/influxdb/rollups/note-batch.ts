import { OneReadingBatch, streamName, type Batch } from '@fieldline/protocol';
import type { RolledHours } from './rolled-hours.ts';

/** Notes the hours that a batch brings readings for, before they are written. */
export function noteBatch(batch: Batch, rolled: RolledHours): void {
  // Readings of now, which nearly all are, lie behind all that is rolled up.
  if (batch instanceof OneReadingBatch && batch.timeUs >= rolled.newestUs) return;
  for (const block of batch.sensors) {
    if (block.kind === 'gaps' || block.extra) continue;
    const times = block.kind === 'readings' ? block.t : block.start;
    let firstUs = Infinity;
    let lastUs = -Infinity;
    for (const timeUs of times) {
      if (timeUs < firstUs) firstUs = timeUs;
      if (timeUs > lastUs) lastUs = timeUs;
    }
    if (firstUs >= rolled.newestUs) continue;
    for (const quantity of Object.keys(block.fields)) {
      rolled.touched(streamName(batch.device, block.sensor, quantity), firstUs, lastUs);
    }
  }
}
