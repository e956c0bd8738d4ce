import type { StreamPlan } from '../aggregator/sensor-pipeline.ts';
import type { TimeReceiver } from '../bindings/device-clock.ts';
import type { WhenFull } from '../outbox/when-full.ts';
import type { BoundDriver } from '../drivers/driver.ts';
import type { AgentFile, SensorFile } from './agent-schema.ts';
import type { Environment } from './environment.ts';

/** One sensor, ready to start. */
export interface SensorConfig {
  readonly id: string;
  readonly type: string;
  readonly driver: BoundDriver;
  /** One a quantity of the driver's plan, in its order. */
  readonly streams: readonly StreamPlan[];
  readonly latenessUs: number;
  /** As it was written: what a change of configuration is compared by. */
  readonly file: SensorFile;
}

/** How the device comes to its certificate. */
export interface ClaimConfig {
  readonly claim: string;
  /** `https://HOST:PORT` */
  readonly url: string;
}

/** Updates over the air. */
export interface UpdateConfig {
  /** Public keys (Ed25519), 32 bytes in base64url. */
  readonly keys: readonly string[];
  /** How long a new version may take to deliver its first batch. */
  readonly confirmWithinUs: number;
  /** As it was written; undefined where nothing was. */
  readonly file: AgentFile['updates'];
}

/** What stays with the device, whatever the gateway wants it to run. */
export interface LocalKeys {
  readonly device: string;
  readonly gateway: { readonly url: string; readonly password: string };
  /** What the device trades for its certificate; absent where it has a password. */
  readonly claim?: ClaimConfig | undefined;
  /** Whose updates the device takes; only on the device can that be changed. */
  readonly updates: UpdateConfig;
  /** Absolute path. */
  readonly dataDir: string;
  /** The folder of the local file: relative paths start there. */
  readonly directory: string;
  readonly environment: Environment;
}

/** When the device believes its wall clock; read at the start of the agent. */
export interface ClockConfig {
  readonly settleUs: number;
  /** Absolute path of a file that exists once the time is right. */
  readonly syncedFile: string | undefined;
  /** The sensor whose time sets the clock; undefined where the system's clock does. */
  readonly receiver: TimeReceiver | undefined;
}

/** The configuration of an agent, checked, with defaults filled in and units resolved. */
export interface AgentConfig {
  readonly device: string;
  readonly gateway: { readonly url: string; readonly password: string };
  /** Absolute path. */
  readonly dataDir: string;
  readonly flushUs: number;
  readonly keepaliveSec: number;
  readonly outbox: {
    readonly maxBytes: number;
    readonly maxAgeUs: number;
    readonly whenFull: WhenFull;
    /** What batches may take in memory while the disk fails. */
    readonly memoryBytes: number;
  };
  readonly clock: ClockConfig;
  readonly uplink: { readonly backlogBatchesPerSec: number; readonly inFlightMax: number };
  readonly sensors: readonly SensorConfig[];
  /** How long a configuration from the gateway may take to reach the gateway again, before it is taken back. */
  readonly confirmWithinUs: number;
  readonly local: LocalKeys;
  /** Why the local file does not run; empty where it does. */
  readonly errors: readonly { readonly path: string; readonly reason: string }[];
  /** The same in one message for a person, with line, remedy and code; absent where the file runs. */
  readonly failure?: string;
  /** What the device reports of its configuration: the file as it counts, without its secrets. */
  readonly reported: unknown;
}
