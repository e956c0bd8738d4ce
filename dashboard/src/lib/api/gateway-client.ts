import type {
  DevicesAnswer,
  LedgerAnswer,
  PipelineAnswer,
  QueryAnswer,
  StreamsAnswer,
} from '@fieldline/protocol';

/** An answer of the gateway, or why there is none, in words for a person. */
export type Answer<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly detail: string };

/** A request is given up after so long, in ms. */
const longestRequestMs = 15_000;

/** What part of a stream is wanted: times in µs, `points` at most. */
export interface QueryRange {
  readonly fromUs: number;
  readonly toUs: number;
  readonly points: number;
}

/** The account of all readings. */
export function fetchLedger(): Promise<Answer<LedgerAnswer>> {
  return get<LedgerAnswer>('/api/v1/ledger', 'total');
}

/** Every stage that a batch passes, and how it fares. */
export function fetchPipeline(): Promise<Answer<PipelineAnswer>> {
  return get<PipelineAnswer>('/api/v1/pipeline', 'stages');
}

/** All devices. */
export function fetchDevices(): Promise<Answer<DevicesAnswer>> {
  return get<DevicesAnswer>('/api/v1/devices', 'devices');
}

/** All streams with their newest values. */
export function fetchStreams(): Promise<Answer<StreamsAnswer>> {
  return get<StreamsAnswer>('/api/v1/streams', 'streams');
}

/** The history of one stream. */
export function fetchHistory(stream: string, range: QueryRange): Promise<Answer<QueryAnswer>> {
  const parameters = new URLSearchParams({
    stream,
    from: String(Math.floor(range.fromUs)),
    to: String(Math.ceil(range.toUs)),
    points: String(range.points),
  });
  return get<QueryAnswer>(`/api/v1/query?${parameters}`, 't');
}

/** `key` must be in the answer: an intermediary's own page is not taken for an answer of the gateway. */
async function get<Value extends object>(path: string, key: keyof Value & string): Promise<Answer<Value>> {
  try {
    const response = await fetch(path, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(longestRequestMs),
    });
    const body: unknown = await response.json();
    if (response.ok && holds<Value>(body, key)) return { ok: true, value: body };
    return { ok: false, detail: problemDetail(body) ?? `HTTP ${response.status}` };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

function holds<Value extends object>(body: unknown, key: keyof Value & string): body is Value {
  return typeof body === 'object' && body !== null && key in body;
}

/** The text of a problem document (RFC 9457); undefined where `body` is none. */
function problemDetail(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('title' in body)) return undefined;
  const detail = 'detail' in body && typeof body.detail === 'string' ? body.detail : '';
  return [String(body.title), detail].filter(Boolean).join(' ');
}
