import type { Alert, AlertDelivery } from '@fieldline/protocol';

/** What one message says: the body of a webhook and of an MQTT message, and what a mail is written from. */
export interface AlertNotice {
  /** The same for every attempt, so that a receiver can tell a repetition; unique at this gateway. */
  readonly delivery: number;
  readonly event: AlertDelivery['event'];
  readonly alert: Alert;
  /** What the rule says to do about it. */
  readonly remedy: string | null;
}

/**
 * What became of one attempt. `retryable`: it may succeed later. `refused`: it never will. `detail` is kept and shown to
 * viewers: it holds no secret and nothing of what the peer answered beyond its code.
 */
export interface SendOutcome {
  readonly kind: 'ok' | 'retryable' | 'refused';
  readonly detail: string;
}

/**
 * A way to people. The deliverer alone calls it, one message at a time, and owns every retry; `signal` aborts at the end
 * of the attempt's time. Never rejects for a reason of normal life.
 */
export interface Channel {
  readonly kind: 'webhook' | 'email' | 'mqtt';
  /** Where it goes, for people, without secrets. */
  readonly target: string;
  send(notice: AlertNotice, signal: AbortSignal): Promise<SendOutcome>;
}

/** The outcome of an attempt that threw, or ran out of time. */
export function failedAttempt(error: unknown, signal: AbortSignal): SendOutcome {
  if (signal.aborted) return { kind: 'retryable', detail: 'no answer in time' };
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return { kind: 'retryable', detail: code ?? (cause instanceof Error ? cause.message : String(cause)) };
}
