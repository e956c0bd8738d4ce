import { randomBytes } from 'node:crypto';
import { batchTopic, statusTopic, type Status } from '@fieldline/protocol';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Clock } from '../clock.ts';
import { seededRandom } from '../random/seeded-random.ts';
import { FleetDevice } from './fleet-device.ts';

/** What a device needs to connect. */
export interface FleetCredential {
  readonly device: string;
  readonly password: string;
}

/** How many devices publish what, where to, and until when. */
export interface FleetOptions {
  readonly mqttUrl: string;
  readonly credentials: readonly FleetCredential[];
  /** Readings a second of each device, 1 to 1000. */
  readonly ratePerSec: number;
  readonly batchEveryMs: number;
  readonly seed: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called once all devices are connected. */
  readonly onReady: () => void;
}

/** What a fleet did, by its own counters. */
export interface FleetTotals {
  taken: number;
  lost: number;
  batches: number;
  acknowledged: number;
}

/** Connections opened at a time: a gateway caps those that have not authenticated. */
const CONNECT_AT_ONCE = 20;
/** Batches of one device that wait for their acknowledgement; the next one waits until there is room. */
const IN_FLIGHT_MAX = 8;
const KEEPALIVE_S = 30;
const LAST_BATCH_DEADLINE_MS = 10_000;

interface Member {
  readonly device: FleetDevice;
  readonly client: MqttClient;
  inFlight: number;
}

/** Runs devices that publish real batches over MQTT until `signal` aborts; then sends what is left. */
export async function runFleet(options: FleetOptions): Promise<FleetTotals> {
  const totals: FleetTotals = { taken: 0, lost: 0, batches: 0, acknowledged: 0 };
  const members = await connectAll(options);
  options.onReady();
  const cancels = members.map((member, index) => beat(member, index, options, totals));
  await new Promise<void>((resolve) =>
    options.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  for (const cancel of cancels) cancel();
  await Promise.race([
    Promise.all(members.map((member) => publish(member, options.clock, totals))),
    new Promise<void>((resolve) => options.clock.after(LAST_BATCH_DEADLINE_MS, resolve)),
  ]);
  await Promise.all(members.map(({ client }) => client.endAsync()));
  for (const { device } of members) {
    totals.taken += device.totals.taken;
    totals.lost += device.totals.lost;
  }
  return totals;
}

async function connectAll(options: FleetOptions): Promise<Member[]> {
  const members: Member[] = [];
  for (let first = 0; first < options.credentials.length; first += CONNECT_AT_ONCE) {
    const some = options.credentials.slice(first, first + CONNECT_AT_ONCE);
    members.push(...(await Promise.all(some.map((each, index) => connectOne(each, first + index, options)))));
  }
  return members;
}

async function connectOne(
  { device, password }: FleetCredential,
  index: number,
  { mqttUrl, clock, seed }: FleetOptions,
): Promise<Member> {
  const epoch = randomBytes(12).toString('base64url');
  const status = (online: boolean): string =>
    JSON.stringify({
      online,
      agentVersion: 'fleet',
      configVersion: 0,
      bootId: epoch,
      clock: 'synced',
      startedAt: clock.nowUs(),
    } satisfies Status);
  const client = await connectAsync(mqttUrl, {
    clientId: device,
    username: device,
    password,
    keepalive: KEEPALIVE_S,
    queueQoSZero: false,
    will: { topic: statusTopic(device), payload: Buffer.from(status(false)), qos: 1, retain: true },
  });
  await client.publishAsync(statusTopic(device), status(true), { qos: 1, retain: true });
  const fleetDevice = new FleetDevice({
    id: device,
    epoch,
    random: seededRandom(seed + index),
    nowUs: clock.nowUs(),
  });
  return { device: fleetDevice, client, inFlight: 0 };
}

/** Takes readings and sends a batch at every beat; devices beat at different moments, as real ones do. */
function beat(member: Member, index: number, options: FleetOptions, totals: FleetTotals): () => void {
  const { clock, ratePerSec, batchEveryMs, credentials } = options;
  const stepUs = 1_000_000 / ratePerSec;
  let nextUs = clock.nowUs();
  const step = () => {
    const nowUs = clock.nowUs();
    for (; nextUs <= nowUs; nextUs += stepUs) member.device.take(Math.round(nextUs));
    if (member.inFlight < IN_FLIGHT_MAX) void publish(member, clock, totals);
    cancel = clock.after(batchEveryMs, step);
  };
  let cancel = clock.after((batchEveryMs * index) / credentials.length, step);
  return () => cancel();
}

async function publish(member: Member, clock: Clock, totals: FleetTotals): Promise<void> {
  const payload = Buffer.from(member.device.seal(clock.nowUs()));
  member.inFlight += 1;
  totals.batches += 1;
  try {
    await member.client.publishAsync(batchTopic(member.device.id), payload, { qos: 1 });
    totals.acknowledged += 1;
  } catch {
    // The connection was closed for good; the gateway's account shows the batch as under way.
  } finally {
    member.inFlight -= 1;
  }
}
