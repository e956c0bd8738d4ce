export { promotedBytes } from './promoted-bytes.ts';
export { readingsFrame } from './readings-frame.ts';
export { airReadings, allBatched, sampleBatch } from './sample-batch.ts';
