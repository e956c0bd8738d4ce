import { FieldlineError } from '@fieldline/protocol';
import type { FastifyInstance } from 'fastify';
import type { ListenConfig } from '../config/gateway-config.ts';
import { isLoopback } from '../config/loopback.ts';
import type { GatewayParts, RunningApi } from '../parts.ts';
import { LiveHub } from '../sinks/live/live-hub.ts';
import { Admission } from './admission.ts';
import { auditRoutes } from './audit.ts';
import { alertRoutes } from './alerts.ts';
import { serveDashboard } from './dashboard.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { deviceSummary } from './device-summary.ts';
import { deviceConfigRoutes } from './device-config.ts';
import { deviceRoutes } from './devices.ts';
import { healthRoutes } from './health.ts';
import { ledgerRoutes } from './ledger.ts';
import { ownNames } from './host-check.ts';
import { serveLiveSocket } from './live-socket.ts';
import { openApiRoute } from './openapi.ts';
import { pipelineRoutes, pipelineView } from './pipeline.ts';
import { queryRoutes } from './query.ts';
import type { ApiRoute } from './route.ts';
import { buildServer } from './server.ts';
import { sessionRoutes } from './session.ts';
import { linkFollower } from './sign-in-link.ts';
import { streamRoutes } from './streams.ts';
import { tokenRoutes } from './tokens.ts';
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
  const { access, logger } = parts;
  const own = ownNames([config.http.host], config.allowedHosts);
  const admission = new Admission(access, { own, isLocal: isLoopback(config.http.host) });
  const hasDashboard = config.dashboardDirectory !== undefined;
  const server = buildServer({
    routes: routeTable(parts, hub),
    admission,
    audit: access.audit,
    followLink: linkFollower({ access, admission, nowUs }),
    logger,
    hasDashboard,
  });
  if (config.dashboardDirectory !== undefined) await serveDashboard(server, config.dashboardDirectory);
  const endSocket = serveLiveSocket({ server: server.server, path: livePath, hub, admission, access, nowUs });
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
    ...alertRoutes(parts),
    ...deadLetterRoutes(parts),
    ...healthRoutes(parts, view),
    ...sessionRoutes(parts),
    ...userRoutes(parts),
    ...tokenRoutes(parts),
    ...auditRoutes(parts),
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
