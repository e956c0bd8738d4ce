import type { ErrorCode, PipelineStage } from '@fieldline/protocol';
import { RateMeter } from '../metrics/rate-meter.ts';
import { RollingLatency } from '../metrics/rolling-latency.ts';
import type { Counter } from '../parts.ts';

/** What the broker has seen: connections, cuts, denials. */
export class BrokerStatistics {
  /** Milliseconds of a steadily growing clock. */
  readonly #nowMs: () => number;
  readonly #in: RateMeter;
  readonly #out: RateMeter;
  readonly #latency: RollingLatency;
  readonly #reasons = new Map<ErrorCode, number>();
  readonly #connectionsMax: number;
  connections = 0;
  unauthenticated = 0;
  accepted = 0;
  sessionsMadeClean = 0;

  constructor(options: { nowMs: () => number; connectionsMax: number }) {
    this.#nowMs = options.nowMs;
    this.#connectionsMax = options.connectionsMax;
    this.#in = new RateMeter(options.nowMs);
    this.#out = new RateMeter(options.nowMs);
    this.#latency = new RollingLatency(options.nowMs);
  }

  /** Something was cut, denied or refused. */
  count(code: ErrorCode): void {
    this.#reasons.set(code, (this.#reasons.get(code) ?? 0) + 1);
  }

  /** How often `code` was counted. */
  counted(code: ErrorCode): number {
    return this.#reasons.get(code) ?? 0;
  }

  /** A PUBLISH came in; answers the time, for `answered`. */
  publishArrived(): number {
    this.#in.add(1);
    return this.#nowMs();
  }

  /** It may be acknowledged now. */
  publishAnswered(startedAtMs: number): void {
    this.#out.add(1);
    this.#latency.record(this.#nowMs() - startedAtMs);
  }

  stage(): PipelineStage {
    return {
      name: 'broker',
      inPerSec: this.#in.perSec(),
      outPerSec: this.#out.perSec(),
      queued: this.#in.total - this.#out.total,
      capacity: null,
      utilization: Math.min(1, this.connections / this.#connectionsMax),
      latencyMs: this.#latency.quantiles(),
      errors: [...this.#reasons.values()].reduce((sum, count) => sum + count, 0),
    };
  }

  counters(): Counter[] {
    return [
      one('fieldline_mqtt_connections', 'Open MQTT connections.', 'gauge', this.connections),
      one(
        'fieldline_mqtt_connections_unauthenticated',
        'MQTT connections that are not authenticated yet.',
        'gauge',
        this.unauthenticated,
      ),
      one(
        'fieldline_mqtt_connections_accepted_total',
        'MQTT connections accepted.',
        'counter',
        this.accepted,
      ),
      one('fieldline_mqtt_publishes_total', 'PUBLISH packets of devices.', 'counter', this.#in.total),
      one(
        'fieldline_mqtt_sessions_made_clean_total',
        'Sessions that were asked to be persistent and were opened as clean ones.',
        'counter',
        this.sessionsMadeClean,
      ),
      {
        name: 'fieldline_mqtt_refused_total',
        help: 'Connections cut and packets denied by the rules of the broker, by the code of the reason.',
        kind: 'counter',
        samples: [...this.#reasons].map(([code, value]) => ({ labels: { code }, value })),
      },
    ];
  }
}

function one(name: string, help: string, kind: Counter['kind'], value: number): Counter {
  return { name, help, kind, samples: [{ labels: {}, value }] };
}
