import { batchTopic, encodeBatch, type Batch } from '@fieldline/protocol';
import mqtt, { type MqttClient } from 'mqtt';
import { eventually } from '../../services/wait.ts';
import type { GatewayView } from './gateway-view.ts';

/** A registered device that sends what the test gives it, over a real MQTT client. */
export interface BatchSender {
  /** The open session; another one after the gateway has closed it. */
  readonly client: MqttClient;
  connectAs(password: string): Promise<MqttClient>;
  /** Sends a good batch of one reading, and waits until it and all before it are stored. */
  expectNextStored(): Promise<void>;
  end(): Promise<void>;
}

/** Registers `device` at the gateway and connects. */
export async function startBatchSender(gateway: GatewayView, device: string): Promise<BatchSender> {
  const password = await gateway.addDevice(device);
  const connectAs = (secret: string): Promise<MqttClient> => {
    const options = { clientId: device, username: device, password: secret, reconnectPeriod: 0 };
    return mqtt.connectAsync(gateway.ready.mqtt, options);
  };
  let client = await connectAs(password);
  let seq = 0;
  return {
    get client() {
      return client;
    },
    connectAs,
    expectNextStored: async () => {
      if (!client.connected) client = await connectAs(password);
      seq += 1;
      await client.publishAsync(batchTopic(device), Buffer.from(encodeBatch(batchOf(device, seq))), {
        qos: 1,
      });
      await eventually(`${seq} readings stored`, async () => {
        const { stored, unaccounted } = await gateway.ledger(device);
        return stored === seq && unaccounted === 0 ? true : undefined;
      });
    },
    end: async () => {
      await client.endAsync(true);
    },
  };
}

/** The batch `seq` of a device that sends one reading a batch. */
export function batchOf(device: string, seq: number): Batch {
  return {
    v: 1,
    device,
    epoch: 'epoch-1',
    seq,
    bootId: 'boot-1',
    sentAt: 1_790_000_000_000_000,
    clock: 'synced',
    configVersion: 0,
    lane: 'live',
    sensors: [
      {
        sensor: 'air',
        type: 'thermometer',
        kind: 'readings',
        t: Float64Array.of(1_790_000_000_000_000 + seq * 1e6),
        fields: { temperature: { unit: 'Cel', v: Float64Array.of(20 + seq) } },
      },
    ],
    ledger: { 'air/temperature': { taken: seq, filtered: 0, refused: 0, lost: 0, open: 0, batched: seq } },
  };
}
