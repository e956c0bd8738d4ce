import type { DeadLettersAnswer, DiscardAnswer, ReplayAnswer } from '@fieldline/protocol';
import { request, type Answer } from './gateway-client.ts';

/** Which dead letters are wanted; empty texts stand for all. */
export interface DeadLetterQuestion {
  readonly device: string;
  readonly code: string;
  /** From 1 to 1000. */
  readonly limit: number;
}

/** What was refused, the newest first. */
export function fetchDeadLetters(question: DeadLetterQuestion): Promise<Answer<DeadLettersAnswer>> {
  const query = new URLSearchParams({ limit: String(question.limit) });
  if (question.device !== '') query.set('device', question.device);
  if (question.code !== '') query.set('code', question.code);
  return request<DeadLettersAnswer>(`/api/v1/dead-letters?${query}`, { key: 'deadLetters' });
}

/** Gives a dead letter to ingest once more. */
export function replayDeadLetter(id: number): Promise<Answer<ReplayAnswer>> {
  return request<ReplayAnswer>(`/api/v1/dead-letters/${id}/replay`, { key: 'outcome', method: 'POST' });
}

/** Throws a dead letter away for good. */
export function discardDeadLetter(id: number): Promise<Answer<DiscardAnswer>> {
  return request<DiscardAnswer>(`/api/v1/dead-letters/${id}/discard`, { key: 'id', method: 'POST' });
}

/** Where the whole payload is, or what is kept of it. */
export function payloadHref(id: number): string {
  return `/api/v1/dead-letters/${id}/payload`;
}
