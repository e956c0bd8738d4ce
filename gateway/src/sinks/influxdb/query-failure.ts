import type { SinkFailure } from '../sink.ts';

/** What a refused question says of its cause; undefined where it says nothing that is known. */
export function codeOf(detail: string): SinkFailure['code'] | undefined {
  if (/authoriz|authenticat/i.test(detail)) return 'INFLUX_UNAUTHORIZED';
  return /(database|bucket|mapping|organization).*not found|no dbrp/i.test(detail)
    ? 'INFLUX_DATABASE_MISSING'
    : undefined;
}

/** What went wrong, on one line. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim();
}
