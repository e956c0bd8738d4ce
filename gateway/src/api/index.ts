import { FieldlineError } from '@fieldline/protocol';
import type { FastifyInstance } from 'fastify';
import type { ListenConfig } from '../config/gateway-config.ts';
import type { GatewayParts, RunningApi } from '../parts.ts';
import { LiveHub } from '../sinks/live/live-hub.ts';
import { carriesToken } from './admin-token.ts';
import { serveDashboard } from './dashboard.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { deviceSummary } from './device-summary.ts';
import { deviceConfigRoutes } from './device-config.ts';
import { deviceRoutes } from './devices.ts';
import { healthRoutes } from './health.ts';
import { ledgerRoutes } from './ledger.ts';
import { serveLiveSocket } from './live-socket.ts';
import { openApiRoute } from './openapi.ts';
import { pipelineRoutes, pipelineView } from './pipeline.ts';
import type { Principal } from './principal.ts';
import { queryRoutes } from './query.ts';
import type { ApiRoute } from './route.ts';
import { buildServer } from './server.ts';
import { streamRoutes } from './streams.ts';

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
  const allowedHosts = new Set([config.http.host.toLowerCase()]);
  const { adminToken, logger } = parts;
  const hasDashboard = config.dashboardDirectory !== undefined;
  const server = buildServer({
    routes: routeTable(parts, hub),
    identify: ({ headers }) => identify(headers.authorization, adminToken),
    allowedHosts,
    logger,
    hasDashboard,
  });
  if (config.dashboardDirectory !== undefined) await serveDashboard(server, config.dashboardDirectory);
  const endSocket = serveLiveSocket({ server: server.server, path: livePath, hub, allowedHosts, nowUs });
  const url = await listen(server, config.http);
  return {
    url,
    stop: async () => {
      for (const stop of stopListening) stop();
      hub.close();
      endSocket();
      await server.close();
    },
  };
}

/** The administrator's token may do everything; who names nobody may read. */
function identify(authorization: string | undefined, adminToken: string): Principal {
  if (carriesToken(authorization, adminToken))
    return { name: 'admin.token', role: 'admin', via: 'admin-token' };
  return { name: 'anonymous', role: 'viewer', via: 'nobody' };
}

/** Every route; to add one, its file and one line here. */
export function routeTable(parts: GatewayParts, hub: LiveHub): ApiRoute[] {
  const view = pipelineView(parts, hub);
  const routes = [
    ...deviceRoutes(parts),
    ...deviceConfigRoutes(parts),
    ...streamRoutes(parts),
    ...queryRoutes(parts),
    ...ledgerRoutes(parts),
    ...pipelineRoutes(view),
    ...deadLetterRoutes(parts),
    ...healthRoutes(parts, view),
  ];
  return [...routes, openApiRoute(routes)];
}

async function listen(server: FastifyInstance, { host, port }: ListenConfig): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (error) {
    const detail = `${error instanceof Error ? error.message : String(error)}.`;
    throw new FieldlineError('API_PORT_IN_USE', { subject: `http://${host}:${port}`, detail, cause: error });
  }
}
