import type { StreamPlan } from '../aggregator/sensor-pipeline.ts';
import type { BoundDriver } from '../drivers/driver.ts';

/** One sensor, ready to start. */
export interface SensorConfig {
  readonly id: string;
  readonly type: string;
  readonly driver: BoundDriver;
  /** One a quantity of the driver's plan, in its order. */
  readonly streams: readonly StreamPlan[];
  readonly latenessUs: number;
}

/** The configuration of an agent, checked, with defaults filled in and units resolved. */
export interface AgentConfig {
  readonly device: string;
  readonly gateway: { readonly url: string; readonly password: string };
  /** Absolute path. */
  readonly dataDir: string;
  readonly flushUs: number;
  readonly keepaliveSec: number;
  readonly outbox: { readonly maxBytes: number; readonly maxAgeUs: number };
  readonly uplink: { readonly backlogBatchesPerSec: number; readonly inFlightMax: number };
  readonly sensors: readonly SensorConfig[];
  /** What the device reports of its configuration: the file as it counts, without its secrets. */
  readonly reported: unknown;
}
