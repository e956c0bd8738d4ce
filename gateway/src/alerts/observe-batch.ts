import { streamName, type Batch, type ReadingsBlock, type WindowsBlock } from '@fieldline/protocol';
import { metresOutside } from './evaluate/fence.ts';
import type { Observation } from './evaluate/track.ts';
import type { Lane, Subjects, Tracked } from './subjects.ts';

/** Called for each observation of each track that wants it, in the order of the batch. */
export type OnObservation = (tracked: Tracked, observation: Observation) => void;

/**
 * Gives the readings of a batch to the tracks that follow them: of a window the figure that the rule names, at its end.
 * Copies (`extra`) are left out: they are counted elsewhere.
 */
export function observeBatch(subjects: Subjects, batch: Batch, observe: OnObservation): void {
  if (!subjects.anyFollow('streams') && !subjects.anyFollow('sensors')) return;
  const lane: Lane = batch.lane;
  for (const block of batch.sensors) {
    if (block.kind === 'gaps' || block.extra) continue;
    for (const quantity of Object.keys(block.fields)) {
      const tracks = subjects.of('streams', streamName(batch.device, block.sensor, quantity), lane);
      for (const tracked of tracks) observeField(tracked, block, quantity, observe);
    }
    if (!subjects.anyFollow('sensors')) continue;
    for (const tracked of subjects.of('sensors', `${batch.device}/${block.sensor}`, lane)) {
      observePositions(tracked, block, observe);
    }
  }
}

function observeField(
  tracked: Tracked,
  block: ReadingsBlock | WindowsBlock,
  quantity: string,
  observe: OnObservation,
): void {
  const { condition } = tracked.booked.rule;
  const of = condition.kind === 'threshold' ? (condition.of ?? 'mean') : 'mean';
  tracked.unit = block.fields[quantity]?.unit ?? null;
  const values = figures(block, quantity, of);
  const times = block.kind === 'readings' ? block.t : block.end;
  for (let index = 0; index < times.length; index++) {
    const value = values[index]!;
    if (!Number.isNaN(value)) observe(tracked, { tUs: times[index]!, value });
  }
}

function observePositions(
  tracked: Tracked,
  block: ReadingsBlock | WindowsBlock,
  observe: OnObservation,
): void {
  const { condition } = tracked.booked.rule;
  if (condition.kind !== 'geofence' || !block.fields['lat'] || !block.fields['lon']) return;
  const lat = figures(block, 'lat', 'mean');
  const lon = figures(block, 'lon', 'mean');
  const times = block.kind === 'readings' ? block.t : block.end;
  for (let index = 0; index < times.length; index++) {
    const value = metresOutside(condition.fence, lat[index]!, lon[index]!);
    if (!Number.isNaN(value)) observe(tracked, { tUs: times[index]!, value });
  }
}

/** One figure a row; NaN where there is none. */
function figures(
  block: ReadingsBlock | WindowsBlock,
  quantity: string,
  of: 'mean' | 'min' | 'max',
): Float64Array {
  if (block.kind === 'readings') return block.fields[quantity]?.v ?? new Float64Array(0);
  const field = block.fields[quantity];
  if (!field) return new Float64Array(0);
  // Of a count of 0 the other columns are NaN.
  return of === 'mean' ? field.sum.map((sum, index) => sum / field.count[index]!) : field[of];
}
