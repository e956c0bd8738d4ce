import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { SinkFailure } from '../sink.ts';

/** What a reply of InfluxDB to a write means for the lines. */
export type WriteReply =
  | { readonly kind: 'stored' }
  /** Some line is bad, others may be stored: each half is written alone, until the bad lines are known. */
  | { readonly kind: 'some-refused'; readonly reason: string }
  /** More than it takes at once. */
  | { readonly kind: 'too-large'; readonly reason: string }
  /** `failure`: where only an internal error hints at it (1.6 says so for a while after a DROP DATABASE). */
  | { readonly kind: 'database-missing'; readonly failure?: SinkFailure }
  | { readonly kind: 'retryable'; readonly failure: SinkFailure };

/** A reply as it came. */
export interface HttpReply {
  readonly status: number;
  readonly body: string;
  /** Pause that the server asks for, milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** Longest part of an answer that is shown to people. */
const reasonChars = 500;

/** What 3.x says of the lines that it did not take. */
const PartialWrite = Type.Array(Type.Object({ error_message: Type.String() }));

/** What 1.x, 2.x and 3.x say where the disk that holds the data is full; Go hands on the text of the system. */
const diskFull = /no space left on device|disk quota exceeded|file too large/i;

/**
 * Classifies a reply by status and body. A 400 does not say that nothing was stored ("partial write"), and its
 * `dropped=` is 0 for syntax errors: the lines are told apart by writing them apart. 2.x answers 422 where 1.x
 * answers 400 for a partial write; both say which field has another type.
 */
export function classifyReply({ status, body, retryAfterMs }: HttpReply, url: string): WriteReply {
  // Hundreds a second, with an empty body: to find no reason in it would cost more than all else here.
  if (status === 204) return { kind: 'stored' };
  const reason = reasonOf(body);
  const retryable = (code: SinkFailure['code'], detail = `HTTP ${status} ${reason}`): WriteReply => ({
    kind: 'retryable',
    failure: { code, subject: url, detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  });
  if (diskFull.test(reason)) return retryable('INFLUX_DISK_FULL');
  if (status === 400 || status === 422) return { kind: 'some-refused', reason };
  if (status === 401 || status === 403) return retryable('INFLUX_UNAUTHORIZED');
  if (status === 404) return isMissing(body) ? { kind: 'database-missing' } : retryable('INFLUX_NOT_INFLUX');
  if (status === 500 && body.includes('shard not found')) {
    const detail = `HTTP 500 ${reason}`;
    return { kind: 'database-missing', failure: { code: 'INFLUX_OVERLOADED', subject: url, detail } };
  }
  if (status === 413) return { kind: 'too-large', reason };
  if (status === 408 || status === 429 || status >= 500) return retryable('INFLUX_OVERLOADED');
  return retryable('INFLUX_NOT_INFLUX');
}

/** 1.x: `database not found: "x"`; 2.x: `bucket "x" not found`, `organization name "x" not found`. */
function isMissing(body: string): boolean {
  return /(database|bucket|organization).*not found/.test(body);
}

/**
 * 1.x answers `{"error": "…"}`, 2.x `{"code", "message"}`, 3.x `{"error", "data": [{"error_message"}]}`; whatever else
 * it is, is shown as it came, on one line.
 */
function reasonOf(body: string): string {
  let reason = body;
  try {
    reason = said(JSON.parse(body)) ?? body;
  } catch {
    // Not JSON: the text itself.
  }
  return reason.replaceAll(/\s+/g, ' ').slice(0, reasonChars);
}

function said(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { error, message, data } = answer as Record<string, unknown>;
  const parts = [error, message, Value.Check(PartialWrite, data) ? data[0]?.error_message : undefined].filter(
    (part): part is string => typeof part === 'string' && part !== '',
  );
  return parts.length > 0 ? parts.join(': ') : undefined;
}
