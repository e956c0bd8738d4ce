import type { MqttClient } from 'mqtt';
import { failedAttempt, type Channel } from './channel.ts';

/** A topic of another broker, of the gateway's file. */
export interface MqttSettings {
  /** `mqtt://HOST:PORT` or `mqtts://HOST:PORT`. */
  readonly url: string;
  readonly topic: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** Return codes of CONNACK that trying again does not change (MQTT 3.1.1, 3.2.2.3): version, client id, credentials, rights. */
const refusedForGood = new Set([1, 2, 4, 5]);

/** Publishes the notice as JSON at QoS 1, over a connection for each message: alerts are rare. */
export function mqttChannel(settings: MqttSettings): Channel {
  const { url, topic, username, password } = settings;
  return {
    kind: 'mqtt',
    target: `${new URL(url).host} ${topic}`,
    send: async (notice, signal) => {
      // Loaded when the first message goes out: most gateways have no such channel.
      const { default: mqtt } = await import('mqtt');
      const client = mqtt.connect(url, {
        reconnectPeriod: 0,
        queueQoSZero: false,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
      });
      try {
        await connected(client, signal);
        await abortable(client.publishAsync(topic, JSON.stringify(notice), { qos: 1 }), signal);
        return { kind: 'ok', detail: 'acknowledged' };
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? Number(error.code) : NaN;
        if (refusedForGood.has(code)) return { kind: 'refused', detail: `CONNACK ${code}` };
        return failedAttempt(error, signal);
      } finally {
        client.end(true);
      }
    },
  };
}

function connected(client: MqttClient, signal: AbortSignal): Promise<void> {
  return abortable(
    new Promise((resolve, reject) => {
      client.once('connect', () => resolve());
      client.on('error', reject);
      client.once('close', () => reject(new Error('connection closed')));
    }),
    signal,
  );
}

function abortable<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('no answer in time')), { once: true });
    work.then(resolve, reject);
  });
}
