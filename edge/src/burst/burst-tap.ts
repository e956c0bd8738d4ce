import type { BoundTransform } from '../transforms/transform.ts';
import type { BurstRecorder } from './burst-recorder.ts';

/** Stages that say what a value is, not whether it is kept; and `privacy`: what it hides leaves in no copy either. */
const mappings: ReadonlySet<string> = new Set(['privacy', 'calibrate', 'units']);

/**
 * The transforms of a stream with a recorder among them: behind the calibration and the conversion of units it
 * begins with, so that bursts carry the stream's unit; before all that drops, so that they carry every sample.
 */
export function withBurstTap(
  transforms: readonly BoundTransform[],
  recorder: BurstRecorder,
): readonly BoundTransform[] {
  const firstOther = transforms.findIndex(({ name }) => !mappings.has(name));
  const at = firstOther < 0 ? transforms.length : firstOther;
  const tap: BoundTransform = {
    name: 'burst',
    marks: false,
    create: () => ({ name: 'burst', apply: ({ t, v }) => recorder.record(t, v) }),
  };
  return [...transforms.slice(0, at), tap, ...transforms.slice(at)];
}
