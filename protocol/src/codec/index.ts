export { decodeBatch, encodeBatch, type DecodeLimits, type EncodeOptions } from './codec.ts';
export { countReadings } from './count-readings.ts';
export { batchLimits } from './limits.ts';
