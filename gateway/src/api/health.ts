import { Type } from 'typebox';
import type { GatewayParts } from '../parts.ts';
import { renderMetrics } from '../metrics/exposition.ts';
import { defineRoute, json, text, type ApiRoute } from './route.ts';
import type { PipelineView } from './pipeline.ts';
import { liveCounters } from '../sinks/live/live-counters.ts';
import type { LiveHub } from '../sinks/live/live-hub.ts';

const Health = Type.Object({ status: Type.String(), problems: Type.Array(Type.String()) });

/** For process supervisors and Prometheus. */
export function healthRoutes(parts: GatewayParts, view: PipelineView, hub: LiveHub): ApiRoute[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/healthz',
      summary: 'Whether the process lives.',
      access: 'open',
      answer: { status: 200, description: 'It does.', schema: Health },
      handle: () => json({ status: 'ok', problems: [] }),
    }),
    defineRoute({
      method: 'GET',
      path: '/readyz',
      summary: 'Whether the gateway takes batches and its store stores them.',
      access: 'open',
      answer: { status: 200, description: 'It does; 503 with the problems otherwise.', schema: Health },
      handle: () => {
        const problems = [...parts.problems()];
        const ready = problems.length === 0;
        return json({ status: ready ? 'ready' : 'not ready', problems }, ready ? 200 : 503);
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/metrics',
      summary: 'Counters and gauges for Prometheus.',
      access: 'viewer',
      scope: 'metrics',
      answer: { status: 200, description: 'Prometheus text format.', text: 'text/plain' },
      handle: async () => {
        const { way, sinks, alerts } = parts;
        const counters = [...parts.counters(), ...alerts.counters(), ...liveCounters(hub)];
        const { body, contentType } = await renderMetrics(counters, view(), [
          { labels: { to: 'outbox' }, histogram: way.outbox.histogram },
          { labels: { to: 'uplink' }, histogram: way.uplink.histogram },
          { labels: { to: 'journal' }, histogram: way.journal.histogram },
          { labels: { to: 'store' }, histogram: sinks.sensorToStore.histogram },
          { labels: { to: 'socket' }, histogram: hub.sensorToSocket.histogram },
        ]);
        return text(body, contentType);
      },
    }),
  ];
}
