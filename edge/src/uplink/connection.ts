import { createConnection } from 'node:net';
import type { ErrorCode } from '@fieldline/protocol';
import mqtt, { MqttClient, type IClientOptions } from 'mqtt';
import type { TlsIdentity } from '../claim/device-identity.ts';

/** One attempt to connect: what is the same at every attempt. */
export interface ConnectionOptions {
  readonly url: string;
  readonly device: string;
  /** Empty where the device shows a certificate. */
  readonly password: string;
  /** What to show and to trust over TLS. */
  readonly tls?: TlsIdentity | undefined;
  readonly keepaliveSec: number;
  readonly connectTimeoutMs: number;
  readonly will: { readonly topic: string; readonly payload: string };
}

/** A connection that stands, or why there is none. */
export type ConnectionOutcome =
  | { readonly kind: 'connected'; readonly client: MqttClient }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly detail: string };

/** CONNACK return codes of MQTT 3.1.1 that no retry will change by itself: [MQTT-3.2.2.3], 2, 4 and 5. */
const refusals: ReadonlySet<number> = new Set([2, 4, 5]);
/** The port that is registered for MQTT without TLS (IANA). */
const mqttPort = 1883;

/**
 * Opens one connection with a clean session, and never reconnects by itself: the package's own reconnecting
 * has a fixed period without jitter, and its store lives in memory. Backoff and store are ours.
 */
export async function connectOnce(
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<ConnectionOutcome> {
  if (!URL.canParse(options.url)) {
    return { kind: 'failed', code: 'UPLINK_UNREACHABLE', detail: 'The address is no URL.' };
  }
  return settled(openClient(options), signal);
}

/** A plain connection needs a socket and the client; the package loads what others need when it is asked to connect. */
function openClient(options: ConnectionOptions): MqttClient {
  const { protocol, hostname, port } = new URL(options.url);
  const clientOptions = toClientOptions(options);
  if (protocol !== 'mqtt:') return mqtt.connect(options.url, clientOptions);
  // An IPv6 address stands in brackets in a URL, and without them everywhere else.
  const address = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || mqttPort) };
  return new MqttClient(() => createConnection(address), { ...clientOptions, protocol: 'mqtt' });
}

function settled(client: MqttClient, signal: AbortSignal): Promise<ConnectionOutcome> {
  return new Promise((resolve) => {
    let failure: { code: ErrorCode; detail: string } | undefined;
    function onConnect(): void {
      client.removeListener('close', onClose);
      signal.removeEventListener('abort', onAbort);
      resolve({ kind: 'connected', client });
    }
    function onClose(): void {
      client.removeListener('connect', onConnect);
      signal.removeEventListener('abort', onAbort);
      client.end(true);
      resolve({
        kind: 'failed',
        ...(failure ?? { code: 'UPLINK_UNREACHABLE', detail: 'The connection was closed.' }),
      });
    }
    function onAbort(): void {
      client.end(true);
      onClose();
    }
    client.once('connect', onConnect);
    client.once('close', onClose);
    // Stays for the life of the client: an error event without a listener would end the process.
    client.on('error', (error) => {
      failure = describeFailure(error);
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

function toClientOptions(options: ConnectionOptions): IClientOptions {
  return {
    clientId: options.device,
    username: options.device,
    ...(options.password !== '' && { password: options.password }),
    ...options.tls,
    clean: true,
    protocolVersion: 4,
    keepalive: options.keepaliveSec,
    connectTimeout: options.connectTimeoutMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // The package keeps a buffer for each of 65,536 numbers otherwise: 8 MB, to save 100 ns a packet.
    writeCache: false,
    will: { topic: options.will.topic, payload: Buffer.from(options.will.payload), qos: 1, retain: true },
  };
}

function describeFailure(error: Error): { code: ErrorCode; detail: string } {
  const returnCode: unknown = Reflect.get(error, 'code');
  const refused = typeof returnCode === 'number' && refusals.has(returnCode);
  // Node gathers the failures of several addresses in an error without a message of its own.
  const inner = error instanceof AggregateError ? error.errors.map(String).join(', ') : '';
  return { code: refused ? 'UPLINK_REFUSED' : 'UPLINK_UNREACHABLE', detail: error.message || inner };
}
