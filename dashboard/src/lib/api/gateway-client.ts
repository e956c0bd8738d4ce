import type {
  AlertsAnswer,
  DevicesAnswer,
  LedgerAnswer,
  PipelineAnswer,
  QueryAnswer,
  QuerySeriesAnswer,
  StreamsAnswer,
} from '@fieldline/protocol';

/** Why there is no answer: in words for a person, and where the gateway itself refused, what it said. */
export interface Failure {
  readonly ok: false;
  readonly detail: string;
  /** The status of HTTP; undefined where nothing came back. */
  readonly status?: number;
  /** The problem document (RFC 9457), or whatever else came. */
  readonly body?: unknown;
}

/** An answer of the gateway, or why there is none. */
export type Answer<Value> = { readonly ok: true; readonly value: Value } | Failure;

/** What is asked of the gateway. */
export interface Question<Value> {
  /** Must be in the answer: an intermediary's own page is not taken for an answer of the gateway. */
  readonly key: keyof Value & string;
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  /** Given up after so long, in ms; 15 s unless told otherwise. */
  readonly longestMs?: number;
}

/** Told to the window whenever the gateway does not know who asks: the session may have ended. */
export const refusedEvent = 'fieldline-refused';

/** A request is given up after so long, in ms. */
const longestRequestMs = 15_000;

/** What part of a stream is wanted: times in µs, `points` at most. */
export interface QueryRange {
  readonly fromUs: number;
  readonly toUs: number;
  readonly points: number;
  /** False leaves p50, p95 and p99 of buckets out, which cost the gateway most; true where it is left out. */
  readonly quantiles?: boolean;
}

/** The account of all readings. */
export function fetchLedger(): Promise<Answer<LedgerAnswer>> {
  return get<LedgerAnswer>('/api/v1/ledger', 'total');
}

/** Every stage that a batch passes, and how it fares. */
export function fetchPipeline(): Promise<Answer<PipelineAnswer>> {
  return get<PipelineAnswer>('/api/v1/pipeline', 'stages');
}

/** What is pending or firing. */
export function fetchAlerts(): Promise<Answer<AlertsAnswer>> {
  return get<AlertsAnswer>('/api/v1/alerts', 'alerts');
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
  return get<QueryAnswer>(historyPath([stream], range), 't');
}

/** The histories of two streams or more, by one request. Those that the gateway does not know are left out. */
export function fetchHistories(
  streams: readonly string[],
  range: QueryRange,
): Promise<Answer<QuerySeriesAnswer>> {
  return get<QuerySeriesAnswer>(historyPath(streams, range), 'series');
}

function historyPath(streams: readonly string[], { fromUs, toUs, points, quantiles }: QueryRange): string {
  const parameters = new URLSearchParams(streams.map((stream) => ['stream', stream]));
  parameters.set('from', String(Math.floor(fromUs)));
  parameters.set('to', String(Math.ceil(toUs)));
  parameters.set('points', String(points));
  if (quantiles === false) parameters.set('quantiles', 'false');
  return `/api/v1/query?${parameters}`;
}

function get<Value extends object>(path: string, key: keyof Value & string): Promise<Answer<Value>> {
  return request<Value>(path, { key });
}

/** Asks the gateway. Whatever goes wrong is an answer too. */
export async function request<Value extends object>(
  path: string,
  { key, method = 'GET', body, longestMs = longestRequestMs }: Question<Value>,
): Promise<Answer<Value>> {
  try {
    const response = await fetch(path, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      signal: AbortSignal.timeout(longestMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.status === 401) dispatchEvent(new Event(refusedEvent));
    const answer: unknown = await response.json();
    if (response.ok && holds<Value>(answer, key)) return { ok: true, value: answer };
    return failureOf(response.status, answer);
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

/** Why an answer that is no success is none: what its problem document says. */
export async function problemOf(response: Response): Promise<Failure> {
  return failureOf(response.status, await response.json().catch(() => undefined));
}

function failureOf(status: number, body: unknown): Failure {
  return { ok: false, detail: problemDetail(body) ?? `HTTP ${status}`, status, body };
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
