export { Moments, type MomentsValues } from './moments.ts';
export { sketchLimits, type SketchOptions } from './sketch-limits.ts';
export { Sketch } from './sketch.ts';
export { histogram, momentStatistics, statistic } from './statistics.ts';
export { checkSketch } from './sketch-bytes.ts';
export { WindowAccumulator } from './window-accumulator.ts';
