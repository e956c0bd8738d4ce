import { accepted, parseDuration, refused, type Result } from '@fieldline/protocol';

/** Least and greatest duration that a transform takes, in microseconds. */
const leastUs = 1000;
const greatestUs = 30 * 86_400e6;

/** Reads the duration of a key, in microseconds: 1 ms to 30 days. The refusal names the key. */
export function requireDuration(key: string, text: string): Result<number> {
  const us = parseDuration(text);
  if (!us.ok) return refused('CONFIG_INVALID_VALUE', `${key}: ${us.refusal.detail}`);
  if (us.value >= leastUs && us.value <= greatestUs) return accepted(us.value);
  return refused('CONFIG_INVALID_VALUE', `${key}: ${text} is not between 1ms and 30d`);
}
