import type { SessionAnswer } from '@fieldline/protocol';
import type { Answer } from './gateway-client.ts';

const path = '/api/v1/session';

/** A request is given up after so long, in ms. */
const longestRequestMs = 15_000;

/** Who asks, and whether they have to sign in. */
export function fetchSession(): Promise<Answer<SessionAnswer>> {
  return ask('GET');
}

/** Signs in; the browser keeps the cookie, which no script can read. */
export function signIn(name: string, password: string): Promise<Answer<SessionAnswer>> {
  return ask('POST', { name, password });
}

/** Signs out. */
export function signOut(): Promise<Answer<SessionAnswer>> {
  return ask('DELETE');
}

async function ask(method: string, body?: object): Promise<Answer<SessionAnswer>> {
  try {
    const response = await fetch(path, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(longestRequestMs),
    });
    const answer: unknown = await response.json();
    if (response.ok && isSession(answer)) return { ok: true, value: answer };
    return { ok: false, detail: titleOf(answer) ?? `HTTP ${response.status}` };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

function isSession(answer: unknown): answer is SessionAnswer {
  return typeof answer === 'object' && answer !== null && 'role' in answer && 'hasUsers' in answer;
}

/** What a problem document says; of a refused password its detail is only the name again. */
function titleOf(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null || !('title' in answer)) return undefined;
  const wait =
    'status' in answer && answer.status === 429 && 'detail' in answer ? ` ${String(answer.detail)}.` : '';
  return `${String(answer.title)}${wait}`;
}
