/** Longest pause that a server may ask for; a wrong figure must not stop a sink for days. */
export const retryAfterMaxMs = 300_000;

/**
 * The pause that `Retry-After` asks for, in milliseconds, at most `retryAfterMaxMs`; undefined where it asks for none or is
 * unreadable. Seconds or a date (RFC 9110, section 10.2.3); `nowMs`: the time against which a date is taken.
 */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return ms > 0 ? Math.min(ms, retryAfterMaxMs) : undefined;
}
