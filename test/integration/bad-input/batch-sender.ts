import { batchTopic, encodeBatch, type Batch } from '@fieldline/protocol';
import { airReadings, allBatched, sampleBatch } from '@fieldline/protocol/testing';
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

const startUs = 1_790_000_000_000_000;

/** The batch `seq` of a device that sends one reading a batch. */
export function batchOf(device: string, seq: number): Batch {
  const sensors = [airReadings(Float64Array.of(startUs + seq * 1e6), Float64Array.of(20 + seq))];
  const ledger = { 'air/temperature': allBatched(seq) };
  return sampleBatch({ device, seq, sentAt: startUs, sensors, ledger });
}
