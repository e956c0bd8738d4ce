export { Moments, type MomentsValues } from './moments.ts';
export { Sketch, sketchLimits, type SketchOptions } from './sketch.ts';
export { WindowAccumulator } from './window-accumulator.ts';
