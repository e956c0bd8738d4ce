import type { SinkFailure } from '../sink.ts';

/** What a reply of InfluxDB to `POST /write` means for the lines. */
export type WriteReply =
  | { readonly kind: 'stored' }
  /** Some line is bad, others may be stored: each half is written alone, until the bad lines are known. */
  | { readonly kind: 'some-refused'; readonly reason: string }
  /** More than it takes at once. */
  | { readonly kind: 'too-large'; readonly reason: string }
  /** `failure`: where only an internal error hints at it (1.6 says so for a while after a DROP DATABASE). */
  | { readonly kind: 'database-missing'; readonly failure?: SinkFailure }
  | { readonly kind: 'retryable'; readonly failure: SinkFailure };

/** Longest part of an answer that is shown to people. */
const reasonChars = 500;

/**
 * Classifies a reply by status and body. A 400 does not say that nothing was stored ("partial write"), and its
 * `dropped=` is 0 for syntax errors: the lines are told apart by writing them apart.
 */
export function classifyReply(status: number, body: string, url: string): WriteReply {
  const reason = reasonOf(body);
  const retryable = (code: SinkFailure['code'], detail = `HTTP ${status} ${reason}`): WriteReply => ({
    kind: 'retryable',
    failure: { code, subject: url, detail },
  });
  if (status === 204) return { kind: 'stored' };
  if (status === 400) return { kind: 'some-refused', reason };
  if (status === 401 || status === 403) return retryable('INFLUX_UNAUTHORIZED');
  if (status === 404 && body.includes('database not found')) return { kind: 'database-missing' };
  if (status === 500 && body.includes('shard not found')) {
    const detail = `HTTP 500 ${reason}`;
    return { kind: 'database-missing', failure: { code: 'INFLUX_OVERLOADED', subject: url, detail } };
  }
  if (status === 413) return { kind: 'too-large', reason };
  if (status === 429 || status >= 500) return retryable('INFLUX_OVERLOADED');
  return retryable('INFLUX_NOT_INFLUX');
}

/** InfluxDB answers `{"error": "…"}`; whatever else it is, is shown as it came, on one line. */
function reasonOf(body: string): string {
  let reason = body;
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && 'error' in parsed) reason = String(parsed.error);
  } catch {
    // Not JSON: the text itself.
  }
  return reason.replaceAll(/\s+/g, ' ').slice(0, reasonChars);
}
