export { decodeBatch, encodeBatch, type DecodeLimits, type EncodeOptions } from './codec.ts';
export { inflate as inflateMessage } from './compression.ts';
export { countReadings } from './count-readings.ts';
export { OneReadingBatch, type Outline } from './one-reading.ts';
export { OutlineReader } from './outline-reader.ts';
export { batchLimits } from './limits.ts';
