import type { DeadLetter, ErrorCode, LedgerAnswer, PipelineStage } from '@fieldline/protocol';
import type { Logger } from 'pino';
import type { Access } from './access/access.ts';
import type { Alerts } from './alerts/alerts.ts';
import type { Certificates } from './certificates/certificates.ts';
import type { Clock } from './clock.ts';
import type { GatewayConfig } from './config/gateway-config.ts';
import type { DeviceCommands } from './devices/device-commands.ts';
import type { DeviceConfigs } from './devices/device-configs.ts';
import type { DeviceRecord } from './devices/device-record.ts';
import type { Replay } from './ingest/replay.ts';
import type { BatchLog, JournaledBatch } from './journal/batch-log.ts';
import type { Store } from './query/store.ts';
import type { RollingLatency } from './metrics/rolling-latency.ts';
import type { WayLatency } from './metrics/way-latency.ts';
import type { StreamIndex } from './query/stream-index.ts';
import type { LiveFeed } from './sinks/live/live-feed.ts';
import type { ReplayReach, Sink } from './sinks/sink.ts';
import type { Updates } from './updates/updates.ts';

/**
 * What the sinks are opened with. `gateway.ts` calls `openSinks(context)` of `sinks/index.ts` once, after
 * the journal has been opened and the ledger restored, and before the broker listens.
 */
export interface SinkContext {
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly log: BatchLog;
  readonly deadLetters: DeadLetters;
  /** Tags of devices, for stores that keep them with each point. */
  readonly registry: Pick<Devices, 'get'>;
  /** The ledger's side of the primary store. */
  readonly account: StoreAccount;
  /** Is told when batches are durable. */
  readonly way: WayLatency;
  /** Evaluates the rules on the journal. */
  readonly alertSink: Sink;
}

/** How the primary store's runner tells the ledger what became of the journal's records. */
export interface StoreAccount {
  /** Called once, when the primary store has opened: every record below `offset` is stored already. */
  resumedAt(offset: number): Promise<void>;
  /** These records are durable in the primary store. In order of offset; a repeated offset counts once. */
  committed(entries: readonly JournaledBatch[]): void;
  /** Readings of the record at `offset` that the primary store can never take; a repeated call counts once. */
  refused(part: { offset: number; device: string; stream: string; readings: number }): void;
}

/** What `openSinks` gives back. The runners have started. */
export interface OpenedSinks {
  /** Name of the primary store, as in `LedgerAnswer.store`. */
  readonly storeName: string;
  readonly store: Store;
  /** Every sink, the primary store first. */
  readonly sinks: readonly RunningSink[];
  /** Every stream that was ever stored or received, with its newest value. */
  readonly streams: StreamIndex;
  /** Hears each batch as soon as it is durable: what the live socket stands on. */
  readonly live: LiveFeed;
  /** From the time of a reading (of a window: its end) to the primary store. */
  readonly sensorToStore: RollingLatency;
  /** What stores count beside their stages. */
  counters(): readonly Counter[];
  /** Resolves once every sink has caught up with the journal's end, or with false at the deadline. */
  drained(deadlineUs: number): Promise<boolean>;
  stop(): Promise<void>;
}

/** One sink at work. */
export interface RunningSink {
  readonly name: string;
  /** The next offset that it will write. */
  readonly offset: number;
  stage(): PipelineStage;
  readonly replay: ReplayReach;
  /** Fills it again from this offset on; resolves when that has begun. */
  replayFrom(offset: number): Promise<undefined>;
  /** Undefined while it works; else what is wrong, for `/readyz` and people. */
  problem(): string | undefined;
}

/**
 * Everything that the API shows or changes. `gateway.ts` calls `startApi(parts)` of `api/index.ts` last in
 * the start order.
 */
export interface GatewayParts {
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where it listens. */
  readonly listening: Listening;
  /** Who may come in to the API. */
  readonly access: Access;
  readonly certificates: Certificates;
  readonly log: BatchLog;
  readonly devices: Devices;
  readonly configs: DeviceConfigs;
  readonly commands: DeviceCommands;
  readonly deadLetters: DeadLetters;
  readonly replay: Replay;
  readonly sinks: OpenedSinks;
  readonly alerts: Alerts;
  readonly updates: Updates;
  /** From the sensor to the places before the stores. */
  readonly way: WayLatency;
  /** The account, compared with the primary store's own counts at one quiet instant. */
  ledger(device?: string): Promise<LedgerAnswer>;
  /** Stages before the sinks, in the order of the drawing: broker, ingest, journal. */
  stages(): PipelineStage[];
  /** Monotonic counters and gauges of broker, ingest and journal, for `/metrics`. */
  counters(): readonly Counter[];
  /** Why the gateway is not ready; empty when it is. */
  problems(): readonly string[];
}

/** The addresses of the listeners; undefined where one is switched off, or its default port is taken. */
export interface Listening {
  readonly mqttUrl: string;
  readonly mqttsUrl: string | undefined;
  /** Set once the API listens. */
  httpsUrl: string | undefined;
}

/** One metric of `/metrics` with its samples. */
export interface Counter {
  /** Prometheus name: `fieldline_…_total` for counters, units last for gauges. */
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/** The running API: where it listens, and how it stops. */
export interface RunningApi {
  readonly url: string;
  /** Over TLS; undefined where that is switched off, or its default port is taken. */
  readonly secureUrl: string | undefined;
  stop(): Promise<void>;
}

/** The registry as the API sees it. */
export interface Devices {
  list(): DeviceRecord[];
  get(device: string): DeviceRecord | undefined;
  /**
   * Registers a device and makes its password, which is shown this once. Refused as DEVICE_EXISTS,
   * DEVICE_NAME_INVALID or DEVICE_LIMIT. A revoked device may be registered again: it gets a new password.
   */
  create(device: string): Promise<CreatedDevice>;
  /** Gives a device another password, shown this once; undefined where there is no such device, or it is revoked. */
  renewPassword(device: string): Promise<string | undefined>;
  /** Revokes the credential and drops the live session; undefined where there is no such device. */
  revoke(device: string): Promise<DeviceRecord | undefined>;
  /** Calls back whenever a device appears, connects, leaves, reports or is revoked. Returns the unsubscriber. */
  onChange(listener: (device: DeviceRecord) => void): () => void;
}

/** The outcome of a registration. */
export type CreatedDevice =
  | { readonly ok: true; readonly device: string; readonly password: string }
  | {
      readonly ok: false;
      readonly code: 'DEVICE_EXISTS' | 'DEVICE_NAME_INVALID' | 'DEVICE_LIMIT';
      readonly detail: string;
    };

/** What can never be stored, with its reason. All of these throw what SQLite throws. */
export interface DeadLetters {
  /** Keeps a letter; it is durable on return. */
  add(letter: NewDeadLetter): void;
  /** The same, together with whatever else comes in this moment; durable once it resolves. */
  addSoon(letter: NewDeadLetter): Promise<void>;
  /** The newest first. */
  list(filter: DeadLetterFilter): DeadLetter[];
  get(id: number): DeadLetter | undefined;
  /** All that is kept of its payload. */
  payload(id: number): { readonly payload: Uint8Array; readonly isReplayable: boolean } | undefined;
  /** Forgets a letter: it was stored after all, or an operator discards it. False where there is none. */
  remove(id: number): boolean;
  /** Gives a letter another reason: it was replayed and refused. */
  explain(id: number, about: { readonly code: string; readonly detail: string }): void;
  /** How many letters of a device are kept, by code. */
  ofDevice(device: string): ReadonlyMap<string, number>;
}

/** Which dead letters. */
export interface DeadLetterFilter {
  readonly device?: string | undefined;
  readonly code?: string | undefined;
  /** Only letters with a lower id. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** A dead letter before it has a number and a time. */
export interface NewDeadLetter {
  readonly device: string;
  readonly topic: string;
  readonly code: ErrorCode;
  readonly detail: string;
  /** All of it, or its beginning. */
  readonly payload: Uint8Array;
  /** Size of the whole. */
  readonly sizeBytes: number;
}
