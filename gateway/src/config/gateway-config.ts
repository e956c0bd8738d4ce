import type { InfluxAddress } from '../sinks/influxdb/influx-address.ts';
import type { InfluxKeepUs } from '../sinks/influxdb/rollups/grains.ts';
import type { KeepUs } from '../sinks/embedded/rollups/retention.ts';
import type { DialectOptions } from './dialect-schema.ts';
import type { EmailSettings } from '../alerts/delivery/email-channel.ts';
import type { MqttSettings } from '../alerts/delivery/mqtt-channel.ts';
import type { WebhookSettings } from '../alerts/delivery/webhook-channel.ts';

/** The gateway's settings after defaults, file, environment and options have been laid over one another. */
export interface GatewayConfig {
  /** Directory of everything durable; made 0700 when missing. */
  readonly home: string;
  readonly http: ListenConfig;
  /** Further names of this gateway in Host and Origin headers: host names, or whole origins. */
  readonly allowedHosts: readonly string[];
  readonly mqtt: ListenConfig;
  /** Batches are taken straight from the sockets of their devices, past the MQTT library. */
  readonly directBatches: boolean;
  /** The API over TLS, with the claims of devices; undefined where it is switched off. */
  readonly https: SecureListenConfig | undefined;
  /** The broker over TLS; undefined where it is switched off. */
  readonly mqtts: SecureListenConfig | undefined;
  readonly tls: TlsConfig;
  /** The first is the primary store: it answers queries, and the ledger compares its counts. */
  readonly stores: readonly StoreName[];
  /** How long the embedded store keeps each resolution. */
  readonly keepUs: KeepUs;
  readonly influxdb?: InfluxConfig;
  /** The built dashboard; undefined serves the API alone. */
  readonly dashboardDirectory?: string;
  readonly logLevel: LogLevel;
  /** Ways to people, by the name that rules call them. */
  readonly alertChannels: Readonly<Record<string, AlertChannelConfig>>;
  /** Accounts that speak no batches, and how their messages become streams. */
  readonly dialects: readonly DialectOptions[];
  readonly limits: GatewayLimits;
}

/** The stores that can be configured. */
export type StoreName = 'embedded' | 'influxdb';
/** From this level on the gateway logs. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** One way by which alerts reach people. */
export type AlertChannelConfig =
  | ({ readonly kind: 'webhook' } & WebhookSettings)
  | ({ readonly kind: 'email' } & EmailSettings)
  | ({ readonly kind: 'mqtt' } & MqttSettings);

/** Where one of the listeners opens. */
export interface ListenConfig {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** True allows an address beyond loopback although nothing is encrypted. */
  readonly insecure: boolean;
}

/** Where one of the TLS listeners opens. */
export interface SecureListenConfig {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Whether somebody asked for it: a default port that is taken is then no reason to start without. */
  readonly isGiven: boolean;
}

/** What the TLS listeners show, and what devices get. */
export interface TlsConfig {
  /** Key and certificate of another authority; undefined takes the gateway's own. */
  readonly files: { readonly certificateFile: string; readonly keyFile: string } | undefined;
  /** Names and addresses of the gateway beside those that the machine knows of itself. */
  readonly names: readonly string[];
  readonly deviceCertificateAgeUs: number;
  readonly claimAgeUs: number;
}

/** How to reach InfluxDB. */
export type InfluxConfig = InfluxAddress & {
  /** How long its readings and rollups are kept. */
  readonly keepUs: InfluxKeepUs;
};

/** Everything that could grow, with its end. Bytes are bytes, durations microseconds. */
export interface GatewayLimits {
  /** One batch as it arrives. */
  readonly batchBytes: number;
  /** One batch after decompression. */
  readonly inflatedBytes: number;
  /** The CONNECT packet: all that a peer may send before it is known. */
  readonly connectBytes: number;
  readonly connectTimeoutUs: number;
  readonly connections: number;
  readonly unauthenticatedConnections: number;
  /** The same from one address (IPv6: from one /64), TLS handshakes among them. */
  readonly unauthenticatedPerAddress: number;
  readonly inFlightBatches: number;
  readonly inFlightBytes: number;
  readonly devices: number;
  readonly streamsPerDevice: number;
  readonly epochsPerDevice: number;
  /** Separate runs of received batches of one epoch: a device in order has one or two. */
  readonly rangesPerEpoch: number;
  /** Digests kept of the newest batches of an epoch, for telling a duplicate from a conflict. */
  readonly digestsPerEpoch: number;
  readonly deadLetters: number;
  /** First bytes kept of a dead letter. */
  readonly deadLetterBytes: number;
  /** Dead letters together: as long as there is room, they keep their payloads whole. */
  readonly deadLetterStoreBytes: number;
  /** How far ahead of the gateway's clock a time may lie. */
  readonly futureTimeUs: number;
  /** How long a batch without times of day waits for its device to tell the time. */
  readonly anchorWaitUs: number;
  /** Batches that wait so, together; one device may have an eighth of it. */
  readonly anchorWaitBytes: number;
  readonly journalBytes: number;
  readonly journalAgeUs: number;
  /** How long a stop may wait for what is under way. */
  readonly drainUs: number;
  readonly users: number;
  readonly tokens: number;
  /** Browsers that are signed in; beyond it the oldest session ends. */
  readonly sessions: number;
  readonly sessionAgeUs: number;
  readonly auditEntries: number;
  readonly auditAgeUs: number;
}
