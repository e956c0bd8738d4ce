import { FieldlineError } from '@fieldline/protocol';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { ListenConfig, SecureListenConfig } from '../config/gateway-config.ts';
import { isLoopback } from '../config/loopback.ts';
import type { GatewayParts, RunningApi } from '../parts.ts';
import { LiveHub } from '../sinks/live/live-hub.ts';
import { Admission } from './admission.ts';
import { auditRoutes } from './audit.ts';
import { claimRoutes } from './claim.ts';
import { aboutRoutes } from './about.ts';
import { alertRoutes } from './alerts.ts';
import { serveDashboard } from './dashboard.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { deviceSummary } from './device-summary.ts';
import { deviceConfigRoutes } from './device-config.ts';
import { deviceRoutes } from './devices.ts';
import { exportRoutes } from './export.ts';
import { healthRoutes } from './health.ts';
import { ledgerRoutes } from './ledger.ts';
import { ownNames } from './host-check.ts';
import { serveLiveSocket, type LiveDoor } from './live-socket.ts';
import { openApiRoute } from './openapi.ts';
import { pipelineRoutes, pipelineView } from './pipeline.ts';
import { queryRoutes } from './query.ts';
import type { ApiRoute } from './route.ts';
import { buildServer } from './server.ts';
import { sessionRoutes } from './session.ts';
import { linkFollower } from './sign-in-link.ts';
import { sinkRoutes } from './sinks.ts';
import { streamRoutes } from './streams.ts';
import type { ServerTls } from './http-server.ts';
import { tokenRoutes } from './tokens.ts';
import { updateRoutes } from './updates.ts';
import { userRoutes } from './users.ts';

/** Where viewers open their socket. */
const livePath = '/api/v1/live';

/**
 * Starts HTTP and WebSocket; resolves once they listen. Throws API_PORT_IN_USE.
 *
 * ```
 * route table ─► fastify ─► registry, ledger, store, …      GET, POST
 *             └► openapi.json
 * live feed ─► hub ─► sockets                               WS
 * ```
 */
export async function startApi(parts: GatewayParts): Promise<RunningApi> {
  const { config, clock, devices, deadLetters, sinks } = parts;
  const { streams } = sinks;
  const nowUs = (): number => clock.nowUs();
  const hub = new LiveHub({
    streams,
    devices: () => devices.list().map((record) => deviceSummary(record, streams, deadLetters)),
    nowUs,
  });
  const stopListening = [
    sinks.live.listen((entries) => hub.take(entries)),
    devices.onChange((record) => hub.deviceChanged(deviceSummary(record, streams, deadLetters))),
  ];
  const { access } = parts;
  const logger = parts.logger.child({ part: 'api' });
  const routes = routeTable(parts, hub);
  const plain = await openDoor(parts, routes, { host: config.http.host, tls: undefined });
  const secure =
    config.https && (await openDoor(parts, routes, { host: config.https.host, tls: tlsOptions(parts) }));
  const doors = secure ? [plain, secure] : [plain];
  const endSocket = serveLiveSocket({ doors, path: livePath, hub, access, nowUs });
  const stop = async (): Promise<void> => {
    for (const each of stopListening) each();
    hub.close();
    endSocket();
    await Promise.all(doors.map(({ server }) => server.close()));
  };
  try {
    const url = await listen(plain.server, config.http, 'http');
    const secureUrl = secure && (await listenSecure(secure.server, { config: config.https, logger }));
    return { url, secureUrl, stop };
  } catch (error) {
    // The plain one may listen already where the other cannot.
    await stop();
    throw error;
  }
}

/** Every route; to add one, its file and one line here. */
export function routeTable(parts: GatewayParts, hub: LiveHub): ApiRoute[] {
  const view = pipelineView(parts, hub);
  const routes = [
    ...deviceRoutes(parts),
    ...deviceConfigRoutes(parts),
    ...streamRoutes(parts),
    ...queryRoutes(parts),
    ...exportRoutes(parts),
    ...sinkRoutes(parts),
    ...ledgerRoutes(parts),
    ...pipelineRoutes(view),
    ...alertRoutes(parts),
    ...deadLetterRoutes(parts),
    ...healthRoutes(parts, view, hub),
    ...sessionRoutes(parts),
    ...userRoutes(parts),
    ...tokenRoutes(parts),
    ...auditRoutes(parts),
    ...claimRoutes(parts),
    ...updateRoutes(parts),
    ...aboutRoutes(parts),
  ];
  return [...routes, openApiRoute(routes)];
}

/** One HTTP server with its door; it does not listen yet. */
async function openDoor(
  parts: GatewayParts,
  routes: readonly ApiRoute[],
  { host, tls }: { readonly host: string; readonly tls: ServerTls | undefined },
): Promise<LiveDoor & { readonly server: FastifyInstance }> {
  const { access, clock, config } = parts;
  const logger = parts.logger.child({ part: 'api' });
  const own = ownNames([host], config.allowedHosts);
  const admission = new Admission(access, { own, isLocal: isLoopback(host) });
  const { dashboardDirectory } = config;
  const server = buildServer({
    routes,
    admission,
    audit: access.audit,
    followLink: linkFollower({ access, admission, nowUs: () => clock.nowUs() }),
    logger,
    hasDashboard: dashboardDirectory !== undefined,
    tls,
  });
  if (dashboardDirectory !== undefined) await serveDashboard(server, dashboardDirectory);
  return { server, admission };
}

/** What the TLS server shows now, and later: certificates are renewed while it runs. */
function tlsOptions({ certificates: { authority, servers } }: GatewayParts): ServerTls {
  return {
    keys: { ...servers.keys('people'), ca: authority.pem },
    follow: (change) => servers.onRenewed('people', (keys) => change({ ...keys, ca: authority.pem })),
  };
}

async function listen(
  server: FastifyInstance,
  { host, port }: Pick<ListenConfig, 'host' | 'port'>,
  scheme: 'http' | 'https',
): Promise<string> {
  try {
    const url = new URL(await server.listen({ host, port }));
    return `${scheme}://${url.host}`;
  } catch (error) {
    const detail = `${error instanceof Error ? error.message : String(error)}.`;
    const subject = `${scheme}://${host}:${port}`;
    throw new FieldlineError('API_PORT_IN_USE', { subject, detail, cause: error });
  }
}

/** A default port that another program has is no reason to start without the rest. */
async function listenSecure(
  server: FastifyInstance,
  { config, logger }: { readonly config: SecureListenConfig; readonly logger: Logger },
): Promise<string | undefined> {
  try {
    return await listen(server, config, 'https');
  } catch (error) {
    if (config.isGiven) throw error;
    logger.warn({ err: error }, 'The API is without TLS; set https.port, or https.enabled to false');
    return undefined;
  }
}
