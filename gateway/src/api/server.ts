import type { IncomingMessage, RequestListener, Server } from 'node:http';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { Readable } from 'node:stream';
import type { ErrorCode } from '@fieldline/protocol';
import send from '@fastify/send';
import type { Logger } from 'pino';
import type { Principal } from '../access/access.ts';
import type { AuditLog, NewAuditEntry } from '../access/audit-log.ts';
import type { Admission, Rejection } from './admission.ts';
import { auditEntry } from './audit-entry.ts';
import { isViewAddress } from './dashboard.ts';
import { problemDocument, problemType } from './problem-document.ts';
import type { ApiReply, ApiRoute } from './route.ts';
import { securityHeaders } from './security-headers.ts';
import { withoutLink, type FollowedLink } from './sign-in-link.ts';
import { httpServer, type ServerTls } from './http-server.ts';

/** Limits of one HTTP request. */
export const requestLimits = {
  bodyBytes: 64 * 1024,
  requestMs: 15_000,
  idleMs: 60_000,
  /** Open connections of one listener; viewers' sockets are a part of them (`socketLimits.viewers`). */
  connections: 4096,
  /** How long the reader of a streamed answer may take nothing. */
  stallMs: 60_000,
  urlPartChars: 200,
} as const;

/** What the HTTP server is built from. */
export interface ServerOptions {
  readonly routes: readonly ApiRoute[];
  readonly admission: Admission;
  readonly audit: Pick<AuditLog, 'record'>;
  /** What answers a one-time link; undefined where the address is none. */
  readonly followLink: (request: IncomingMessage) => FollowedLink | undefined;
  readonly logger: Logger;
  /** Whether a built dashboard is served, whose one page answers for all its views. */
  readonly hasDashboard: boolean;
  /** Undefined serves plain HTTP. */
  readonly tls?: ServerTls | undefined;
}

/** Builds the HTTP server from the route table; it does not listen yet. */
export function buildServer(options: ServerOptions): FastifyInstance {
  const { tls } = options;
  const server = Fastify<Server>({
    serverFactory: (handler: RequestListener) => httpServer(tls, handler, requestLimits),
    bodyLimit: requestLimits.bodyBytes,
    requestTimeout: requestLimits.requestMs,
    keepAliveTimeout: requestLimits.idleMs,
    routerOptions: { maxParamLength: requestLimits.urlPartChars },
    forceCloseConnections: true,
    rewriteUrl: ({ url = '/' }) => withoutLink(url),
    // Fastify's own choice is to delete unknown keys silently; ours is to refuse them.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array', allErrors: false } },
  });
  // The shapes are held by tests; compiled serializers are slow on long columns of `number | null`.
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
  server.addHook('onRequest', async (request, reply) => {
    void reply.headers(securityHeaders);
    const isChange = request.method !== 'GET' && request.method !== 'HEAD';
    return reject(reply, options.admission.rejectForeign(request.raw, isChange));
  });
  server.decorateRequest('principal');
  for (const route of options.routes) addRoute(server, route, options);
  addLink(server, options);
  server.setNotFoundHandler((request, reply) => notFound(request, reply, options.hasDashboard));
  server.setErrorHandler((error: FastifyError, request, reply) =>
    failed(error, request, reply, options.logger),
  );
  return server;
}

function addRoute(server: FastifyInstance, route: ApiRoute, options: ServerOptions): void {
  const { admission } = options;
  const { params, query, body, bodyBytes } = route;
  server.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    ...(bodyBytes !== undefined && { bodyLimit: bodyBytes }),
    schema: { ...(params && { params }), ...(query && { querystring: query }), ...(body && { body }) },
    onRequest: async (request, reply) => {
      const principal = admission.identify(request.raw);
      request.setDecorator('principal', principal);
      return reject(reply, admission.rejectCaller(principal, route, request.raw));
    },
    handler: async (request, reply) => {
      void reply.header('cache-control', 'no-store');
      const { params, query, body } = request;
      const principal = request.getDecorator<Principal>('principal');
      const asked = { params, query, body, principal, channel: admission.channel(request.raw) };
      const answer = await route.handle(asked);
      noteChange(auditEntry(route, asked, answer), options);
      return answer.kind === 'stored file' ? sendStored(request, reply, answer) : sendAnswer(reply, answer);
    },
  });
}

/** The change is made by now: a log that cannot be written is told of, and takes nothing back. */
function noteChange(entry: NewAuditEntry | undefined, { audit, logger }: ServerOptions): void {
  try {
    if (entry) audit.record(entry);
  } catch (error) {
    logger.error({ err: error, entry }, 'access.db cannot be written; check its disk');
  }
}

/** A browser that opens the one-time link is signed in and sent on; HEAD, which previews send, spends nothing. */
function addLink(server: FastifyInstance, { followLink }: ServerOptions): void {
  server.route({
    method: 'GET',
    url: '/signin/*',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const link = followLink(request.raw);
      if (!link) return sendProblem(reply, 404, 'API_NOT_FOUND', 'GET /signin');
      if (link.cookie !== undefined) void reply.header('set-cookie', link.cookie);
      return reply.header('cache-control', 'no-store').redirect(link.location, 303);
    },
  });
}

function reject(reply: FastifyReply, rejection: Rejection | undefined): FastifyReply | undefined {
  return rejection && sendProblem(reply, rejection.status, rejection.code, rejection.detail);
}

/** Its reader may take nothing for a while no longer than that of a stream. */
async function sendStored(
  request: FastifyRequest,
  reply: FastifyReply,
  { directory, name }: Extract<ApiReply, { kind: 'stored file' }>,
): Promise<FastifyReply> {
  const { statusCode, headers, stream } = await send(request.raw, name, {
    root: directory,
    contentType: false,
  });
  reply.raw.setTimeout(requestLimits.stallMs, () => reply.raw.destroy());
  return reply
    .code(statusCode)
    .headers({ ...headers, 'content-type': 'application/octet-stream', 'cache-control': 'no-store' })
    .send(stream);
}

function sendAnswer(reply: FastifyReply, answer: Exclude<ApiReply, { kind: 'stored file' }>): FastifyReply {
  if ('headers' in answer) void reply.headers(answer.headers);
  if (answer.kind === 'problem')
    return sendProblem(reply, answer.status, answer.code, answer.detail, answer.extra);
  if (answer.kind === 'file') return sendFile(reply, answer);
  if (answer.kind === 'stream') return sendStream(reply, answer);
  const contentType = answer.kind === 'text' ? answer.contentType : 'application/json; charset=utf-8';
  return reply.code(answer.status).header('content-type', contentType).send(answer.body);
}

/** A reader that takes nothing for a while is cut off: it would hold a place that others want. */
function sendStream(reply: FastifyReply, answer: Extract<ApiReply, { kind: 'stream' }>): FastifyReply {
  const { body, trailer, contentType, filename } = answer;
  reply.raw.once('close', answer.ended);
  reply.raw.setTimeout(requestLimits.stallMs, () => reply.raw.destroy());
  return reply
    .header('content-type', contentType)
    .header('content-disposition', `attachment; filename="${filename}"`)
    .trailer(trailer.name, async () => trailer.value())
    .send(Readable.from(body, { objectMode: false, highWaterMark: 1 }));
}

/** Bytes of a peer are saved, never shown: a browser must not take them for a page. */
function sendFile(
  reply: FastifyReply,
  { filename, body }: Extract<ApiReply, { kind: 'file' }>,
): FastifyReply {
  return reply
    .header('content-type', 'application/octet-stream')
    .header('content-disposition', `attachment; filename="${filename}"`)
    .send(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
}

function sendProblem(
  reply: FastifyReply,
  status: number,
  code: ErrorCode,
  detail: string,
  extra: Readonly<Record<string, unknown>> = {},
): FastifyReply {
  const body = JSON.stringify({ ...problemDocument(status, code, detail), ...extra });
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  return reply.code(status).header('content-type', problemType).send(body);
}

function notFound(request: FastifyRequest, reply: FastifyReply, hasDashboard: boolean): FastifyReply {
  if (hasDashboard && isViewAddress(request.method, request.url)) return reply.sendFile('index.html');
  return sendProblem(
    reply,
    404,
    'API_NOT_FOUND',
    `${request.method} ${request.url.slice(0, requestLimits.urlPartChars)}`,
  );
}

function failed(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): FastifyReply {
  if (error.validation || (error.statusCode ?? 500) < 500) {
    const tooLarge = error.statusCode === 413;
    return sendProblem(
      reply,
      error.statusCode ?? 400,
      tooLarge ? 'API_TOO_LARGE' : 'API_BAD_REQUEST',
      validationDetail(error),
    );
  }
  logger.error({ err: error, method: request.method, route: request.routeOptions.url }, 'A request failed');
  return sendProblem(reply, 500, 'API_INTERNAL', `${request.method} ${request.routeOptions.url ?? ''}`);
}

/** Ajv says that a key is too many, and leaves out which. */
function validationDetail({ message, validation }: FastifyError): string {
  const key = validation?.[0]?.params['additionalProperty'];
  return typeof key === 'string' ? `${message}: “${key}”` : message;
}
