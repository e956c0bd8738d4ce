export { formatDuration, parseDuration } from './duration.ts';
export { nearestKey } from './nearest-key.ts';
export { parseSize } from './size.ts';
