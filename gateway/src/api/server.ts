import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { ErrorCode } from '@fieldline/protocol';
import type { Logger } from 'pino';
import { isViewAddress } from './dashboard.ts';
import { hostAllowed } from './host-check.ts';
import { mayCall, type Principal } from './principal.ts';
import { problemDocument, problemType } from './problem-document.ts';
import type { ApiReply, ApiRoute } from './route.ts';
import { securityHeaders } from './security-headers.ts';

/** Limits of one HTTP request. */
export const requestLimits = {
  bodyBytes: 64 * 1024,
  requestMs: 15_000,
  idleMs: 60_000,
  urlPartChars: 200,
} as const;

/** What the HTTP server is built from. */
export interface ServerOptions {
  readonly routes: readonly ApiRoute[];
  /** Who is behind a request; never fails: who names nobody is nobody. */
  readonly identify: (request: FastifyRequest) => Principal;
  readonly allowedHosts: ReadonlySet<string>;
  readonly logger: Logger;
  /** Whether a built dashboard is served, whose one page answers for all its views. */
  readonly hasDashboard: boolean;
}

/** Builds the HTTP server from the route table; it does not listen yet. */
export function buildServer(options: ServerOptions): FastifyInstance {
  const server = Fastify({
    bodyLimit: requestLimits.bodyBytes,
    requestTimeout: requestLimits.requestMs,
    keepAliveTimeout: requestLimits.idleMs,
    routerOptions: { maxParamLength: requestLimits.urlPartChars },
    forceCloseConnections: true,
    // Fastify's own choice is to delete unknown keys silently; ours is to refuse them.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array', allErrors: false } },
  });
  // The shapes are held by tests; compiled serializers are slow on long columns of `number | null`.
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
  server.addHook('onRequest', async (request, reply) => {
    void reply.headers(securityHeaders);
    if (!hostAllowed(request.headers.host, options.allowedHosts)) {
      return sendProblem(reply, 403, 'API_FORBIDDEN_HOST', request.headers.host ?? '');
    }
    return undefined;
  });
  server.decorateRequest('principal');
  for (const route of options.routes) addRoute(server, route, options.identify);
  server.setNotFoundHandler((request, reply) => notFound(request, reply, options.hasDashboard));
  server.setErrorHandler((error: FastifyError, request, reply) =>
    failed(error, request, reply, options.logger),
  );
  return server;
}

function addRoute(server: FastifyInstance, route: ApiRoute, identify: ServerOptions['identify']): void {
  const { params, query, body } = route;
  server.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    schema: { ...(params && { params }), ...(query && { querystring: query }), ...(body && { body }) },
    onRequest: async (request, reply) => {
      const principal = identify(request);
      request.setDecorator('principal', principal);
      if (mayCall(principal, route.access)) return undefined;
      const what = `${route.method} ${route.path}`;
      if (principal.via === 'nobody') return sendProblem(reply, 401, 'API_UNAUTHORIZED', what);
      return sendProblem(reply, 403, 'API_FORBIDDEN_ROLE', `${what} needs the role ${route.access}`);
    },
    handler: async (request, reply) => {
      void reply.header('cache-control', 'no-store');
      const { params, query, body } = request;
      const principal = request.getDecorator<Principal>('principal');
      return send(reply, await route.handle({ params, query, body, principal }));
    },
  });
}

function send(reply: FastifyReply, answer: ApiReply): FastifyReply {
  if (answer.kind === 'problem')
    return sendProblem(reply, answer.status, answer.code, answer.detail, answer.extra);
  if (answer.kind === 'file') return sendFile(reply, answer);
  const contentType = answer.kind === 'text' ? answer.contentType : 'application/json; charset=utf-8';
  return reply.code(answer.status).header('content-type', contentType).send(answer.body);
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
