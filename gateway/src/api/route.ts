import type { ErrorCode, Scope } from '@fieldline/protocol';
import type { Static, TObject, TSchema } from 'typebox';
import type { Principal } from '../access/access.ts';
import type { RouteAccess } from './principal.ts';
import type { Channel } from './session-cookie.ts';

/** A request after validation against the route's schemas. */
export interface ApiRequest<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Who asks. */
  readonly principal: Principal;
  /** Over which connection. */
  readonly channel: Channel;
}

/** Headers of an answer beside those of every answer. */
type ReplyHeaders = Readonly<Record<string, string>>;

/** What a handler answers: a document, plain text, or a problem of the error registry. */
export type ApiReply =
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly body: unknown;
      readonly headers?: ReplyHeaders;
    }
  | { readonly kind: 'text'; readonly status: number; readonly contentType: string; readonly body: string }
  /** A file to be saved under `filename`, which is plain ASCII. */
  | { readonly kind: 'file'; readonly filename: string; readonly body: Uint8Array }
  /** A file of the gateway's own, whole or in parts by `Range` (RFC 9110, 14). */
  | { readonly kind: 'stored file'; readonly directory: string; readonly name: string }
  /** A file that is made while it is sent, and ends with a trailer; without one it broke off. */
  | {
      readonly kind: 'stream';
      readonly contentType: string;
      /** Plain ASCII. */
      readonly filename: string;
      readonly body: AsyncIterable<Uint8Array>;
      readonly trailer: { readonly name: string; readonly value: () => string };
      /** Called once the answer has been sent or has broken off; perhaps more than once. */
      readonly ended: () => void;
    }
  | {
      readonly kind: 'problem';
      readonly status: number;
      readonly code: ErrorCode;
      readonly detail: string;
      /** Members beside those of every problem document (RFC 9457, 3.2). */
      readonly extra?: Readonly<Record<string, unknown>> | undefined;
      readonly headers?: ReplyHeaders;
    };

/** One route: all that the server, the OpenAPI document and the contract tests know of it. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Parameters in OpenAPI's form: `/api/v1/devices/{id}`. */
  readonly path: string;
  readonly summary: string;
  /** Who may call it. `viewer` reads, `operator` changes what runs, `admin` manages devices, users, tokens. */
  readonly access: RouteAccess;
  /** What a token may be given for this route alone. */
  readonly scope?: Scope;
  /**
   * What a change was made to, as the audit log says it; the path's parameters where it is left out. False where
   * the request changes nothing, for all that it is no GET.
   */
  readonly subjectOf?: ((request: ApiRequest<unknown, unknown, unknown>) => string) | false;
  readonly params?: TObject;
  readonly query?: TObject;
  readonly body?: TObject;
  /** Longest body, where it may be longer than those of other routes. */
  readonly bodyBytes?: number;
  /** The answer when all is well; its schema, or the media types of a text. */
  readonly answer: {
    readonly status: number;
    readonly description: string;
    readonly schema?: TSchema;
    readonly text?: string | readonly string[];
  };
  /** Statuses of the problems that it can answer beside 400, 401, 403 and 500. */
  readonly problems?: readonly number[];
  readonly handle: (request: ApiRequest<unknown, unknown, unknown>) => ApiReply | Promise<ApiReply>;
}

type StaticOr<Schema> = Schema extends TObject ? Static<Schema> : undefined;

/** Gives a handler the types of its route's schemas; the server validates before it calls. */
export function defineRoute<
  Params extends TObject | undefined = undefined,
  Query extends TObject | undefined = undefined,
  Body extends TObject | undefined = undefined,
>(
  route: Omit<ApiRoute, 'params' | 'query' | 'body' | 'handle' | 'subjectOf'> & {
    readonly params?: Params;
    readonly query?: Query;
    readonly body?: Body;
    readonly subjectOf?:
      ((request: ApiRequest<StaticOr<Params>, StaticOr<Query>, StaticOr<Body>>) => string) | false;
    readonly handle: (
      request: ApiRequest<StaticOr<Params>, StaticOr<Query>, StaticOr<Body>>,
    ) => ApiReply | Promise<ApiReply>;
  },
): ApiRoute {
  return route as unknown as ApiRoute;
}

/** A JSON document, status 200 unless told otherwise. */
export function json(body: unknown, status = 200): ApiReply {
  return { kind: 'json', status, body };
}

/** A text of the given media type, status 200 unless told otherwise. */
export function text(body: string, contentType: string, status = 200): ApiReply {
  return { kind: 'text', status, contentType, body };
}

/** A problem of the registry: `detail` says what of this request was concerned. */
export function problem(
  status: number,
  code: ErrorCode,
  detail: string,
  extra?: Readonly<Record<string, unknown>>,
): ApiReply {
  return { kind: 'problem', status, code, detail, extra };
}
