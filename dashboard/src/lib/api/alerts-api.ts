import type {
  Alert,
  AlertDeliveriesAnswer,
  AlertHistoryAnswer,
  AlertRule,
  AlertRuleDraft,
  AlertRulesAnswer,
  AlertSilence,
  AlertSilenceDraft,
  AlertTestAnswer,
} from '@fieldline/protocol';
import type { TimeSpan } from '../series/time-span.ts';
import { request, type Answer } from './gateway-client.ts';

/** A trial reads up to half a million points: longer than other requests, in ms. */
const longestTrialMs = 60_000;
const path = '/api/v1/alerts';

/** What is asked of the past; empty texts stand for all. */
export interface HistoryQuestion {
  readonly rule: string;
  readonly subject: string;
  /** From 1 to 1000. */
  readonly limit: number;
}

/** Every rule, and the channels that rules may name. */
export function fetchAlertRules(): Promise<Answer<AlertRulesAnswer>> {
  return request<AlertRulesAnswer>(`${path}/rules`, { key: 'rules' });
}

/** Makes a rule, or replaces it. */
export function putAlertRule(id: string, draft: AlertRuleDraft): Promise<Answer<AlertRule>> {
  return request<AlertRule>(rulePath(id), { key: 'id', method: 'PUT', body: draft });
}

/** Removes a rule; one that came with the gateway is as it came again. */
export function removeAlertRule(id: string): Promise<Answer<{ ok: true }>> {
  return request<{ ok: true }>(rulePath(id), { key: 'ok', method: 'DELETE' });
}

/** When a rule would have fired. */
export function testAlertRule(rule: AlertRuleDraft, span: TimeSpan): Promise<Answer<AlertTestAnswer>> {
  return request<AlertTestAnswer>(`${path}/rules/test`, {
    key: 'intervals',
    method: 'POST',
    body: { rule, fromUs: Math.floor(span.fromUs), toUs: Math.ceil(span.toUs) },
    longestMs: longestTrialMs,
  });
}

/** What fired, the newest first. */
export function fetchAlertHistory(question: HistoryQuestion): Promise<Answer<AlertHistoryAnswer>> {
  const query = new URLSearchParams({ limit: String(question.limit) });
  if (question.rule !== '') query.set('rule', question.rule);
  if (question.subject !== '') query.set('subject', question.subject);
  return request<AlertHistoryAnswer>(`${path}/history?${query}`, { key: 'alerts' });
}

/** Messages, the newest first: all of them, or those about one alert. */
export function fetchDeliveries(alert?: number): Promise<Answer<AlertDeliveriesAnswer>> {
  const query = alert === undefined ? '' : `?${new URLSearchParams({ alert: String(alert) })}`;
  return request<AlertDeliveriesAnswer>(`${path}/deliveries${query}`, { key: 'deliveries' });
}

/** Notes that somebody has seen an alert. */
export function acknowledgeAlert(id: number, note: string): Promise<Answer<Alert>> {
  const body = note === '' ? {} : { note };
  return request<Alert>(`${path}/${id}/acknowledge`, { key: 'acknowledged', method: 'POST', body });
}

/** Begins a silence. */
export function beginSilence(draft: AlertSilenceDraft): Promise<Answer<AlertSilence>> {
  return request<AlertSilence>(`${path}/silences`, { key: 'untilUs', method: 'POST', body: draft });
}

/** Ends a silence before its time. */
export function endSilence(id: number): Promise<Answer<{ ok: true }>> {
  return request<{ ok: true }>(`${path}/silences/${id}`, { key: 'ok', method: 'DELETE' });
}

/** Sends a message about nothing. */
export function testChannel(name: string): Promise<Answer<{ ok: true }>> {
  const channel = encodeURIComponent(name);
  return request<{ ok: true }>(`${path}/channels/${channel}/test`, { key: 'ok', method: 'POST' });
}

function rulePath(id: string): string {
  return `${path}/rules/${encodeURIComponent(id)}`;
}
