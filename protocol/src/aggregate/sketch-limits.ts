/** Limits of a sketch, on the wire too. */
export const sketchLimits = {
  relativeAccuracyMin: 0.0001,
  relativeAccuracyMax: 0.5,
  /** Buckets of each sign. */
  bucketsMaxMin: 16,
  bucketsMaxMax: 4096,
} as const;

/** How exact a sketch is, and how large it may become. */
export interface SketchOptions {
  /** Largest relative error of a quantile, a whole number of millionths from 0.0001 to 0.5; default 0.01. */
  readonly relativeAccuracy?: number;
  /** Most buckets of each sign, 16 to 4096; default 2048, which at 1 % span 17 decades of magnitude. */
  readonly bucketsMax?: number;
}
