import { createHmac } from 'node:crypto';
import { failedAttempt, type AlertNotice, type Channel, type SendOutcome } from './channel.ts';

/** A webhook of the gateway's file. */
export interface WebhookSettings {
  readonly url: string;
  /** Sent along, such as an authorization. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Signs the body: `x-fieldline-signature: sha256=HEX`, an HMAC (RFC 2104). */
  readonly secret?: string | undefined;
}

/** Statuses after which the same request may succeed: timeout, too early, too many, and failures of the server. */
const retryableStatuses = new Set([408, 425, 429]);

/**
 * Posts the notice as JSON. Only the gateway's file names addresses, so nobody can point it elsewhere through the API; a
 * redirect is not followed, since its target is not of the file; the answer's body is not read.
 */
export function webhookChannel(settings: WebhookSettings): Channel {
  const url = new URL(settings.url);
  return {
    kind: 'webhook',
    target: url.host,
    send: async (notice, signal) => {
      try {
        const { method, headers, body } = requestOf(settings, notice);
        const response = await fetch(url, { method, headers, body, signal, redirect: 'manual' });
        await response.body?.cancel();
        return outcomeOf(response.status);
      } catch (error) {
        return failedAttempt(error, signal);
      }
    },
  };
}

function requestOf({ headers, secret }: WebhookSettings, notice: AlertNotice) {
  const body = JSON.stringify(notice);
  const signature =
    secret === undefined ? undefined : createHmac('sha256', secret).update(body).digest('hex');
  return {
    method: 'POST',
    body,
    headers: {
      ...headers,
      'content-type': 'application/json',
      'x-fieldline-delivery': String(notice.delivery),
      ...(signature === undefined ? {} : { 'x-fieldline-signature': `sha256=${signature}` }),
    },
  };
}

function outcomeOf(status: number): SendOutcome {
  const detail = `HTTP ${status}`;
  if (status >= 200 && status < 300) return { kind: 'ok', detail };
  if (status >= 500 || retryableStatuses.has(status)) return { kind: 'retryable', detail };
  return { kind: 'refused', detail };
}
