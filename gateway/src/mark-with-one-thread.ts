import { setFlagsFromString } from 'node:v8';

/**
 * From now on V8 marks what is alive with one thread beside the main one, where it takes up to four: the heap of a gateway
 * is small, and on a device with two cores the four kept the main thread from running for 100 ms at a time (decision 0034).
 */
export function markWithOneThread(): void {
  setFlagsFromString('--concurrent-marking-max-worker-num=1');
}
