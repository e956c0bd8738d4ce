import type { ApiReply } from './route.ts';

/** RFC 6585, 4: too many attempts; how long to wait, in µs, stands in Retry-After too, in whole seconds. */
export function tooManyAttempts(waitUs: number): ApiReply {
  const waitSec = Math.ceil(waitUs / 1e6);
  return {
    kind: 'problem',
    status: 429,
    code: 'API_TOO_MANY_ATTEMPTS',
    detail: `Try again in ${waitSec} s`,
    headers: { 'retry-after': String(waitSec) },
  };
}
