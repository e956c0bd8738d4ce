import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endProcess } from '../services/end-process.ts';
import { benchResult, type BenchResult } from './bench-result.ts';
import { copyDevice } from './gateway/copied-devices.ts';
import { GatewayProcess } from './gateway/gateway-process.ts';
import type { IdleOrder } from './gateway/idle-process.ts';
import { Load } from './gateway/load.ts';
import type { LoadClient } from './gateway/load-orders.ts';
import { residentBytes } from './gateway/process-cost.ts';
import { deviceNames } from './gateway/sides.ts';

const idleScript = fileURLToPath(new URL('gateway/idle-process.ts', import.meta.url));
const aedesScript = fileURLToPath(new URL('gateway/bare-aedes.ts', import.meta.url));

const connections = 9900;
const reconnecting = 5000;
const settleSecMax = 15;
/** How memory is waited for: pause between two looks, looks without a fall, looks at most. */
const lookMs = 500;
const unchangedLooks = 12;
const looksMax = 40;
/** All connections come from one address here; a fleet's come from many. */
const limits = {
  connections: 20_000,
  devices: 20_000,
  unauthenticatedConnections: 10_000,
  unauthenticatedPerAddress: 10_000,
};

/**
 * `gateway-idle`: resident memory a connection, of 9,900 quiet ones (10,000 is the default limit of a gateway's devices),
 * beside aedes as its README starts it. Then: 5,000 devices lose their connections at once and come back, at
 * once and after a refusal with a pause that doubles; seconds until all are in, beside the 15 that are
 * allowed. Each of 100 devices then sends batches, all of which must be acknowledged.
 *
 * Caveats: one run. Memory is read once it falls no more, on both sides alike: a process that has just worked holds garbage.
 * All passwords are kept as hashes of the least cost, since verifying 9,900 of the usual ones would take longer than all else;
 * those that reconnect were verified before, as after an outage of the network.
 */
export async function runGatewayIdle(): Promise<BenchResult[]> {
  const bare = await measureAedes();
  const ours = await measureGateway();
  return [
    benchResult({
      name: 'gateway-idle',
      unit: 'bytes/connection',
      ours: [ours.bytesPerConnection],
      peer: { name: 'bare aedes', values: [bare] },
      packages: ['aedes'],
    }),
    benchResult({
      name: 'gateway-idle: 5,000 devices reconnect',
      unit: 's',
      ours: [ours.settledSec],
      peer: { name: `the ${settleSecMax} s allowed`, values: [settleSecMax] },
      packages: ['aedes'],
    }),
  ];
}

async function measureAedes(): Promise<number> {
  const broker = fork(aedesScript);
  const idle = fork(idleScript);
  try {
    const [port] = (await once(broker, 'message')) as [number];
    const clients = deviceNames(connections).map((device) => ({ device }));
    return await bytesPerConnection(broker.pid ?? 0, idle, { type: 'open', port, clients });
  } finally {
    await endProcess(idle);
    await endProcess(broker);
  }
}

async function measureGateway(): Promise<{ bytesPerConnection: number; settledSec: number }> {
  const first = await GatewayProcess.start({ limits, stores: ['embedded'] });
  const [known] = await first.addDevices(['bench-0']);
  await first.stop();
  const clients = copyDevice(first.home, known ?? { device: '' }, deviceNames(connections));
  const gateway = await first.restart();
  try {
    const all = fork(idleScript);
    const bytes = await bytesPerConnection(gateway.pid, all, {
      type: 'open',
      port: gateway.mqttPort,
      clients,
    });
    await endProcess(all);
    return { bytesPerConnection: bytes, settledSec: await reconnect(gateway, clients) };
  } finally {
    await gateway.end();
  }
}

async function bytesPerConnection(pid: number, idle: ChildProcess, order: IdleOrder): Promise<number> {
  const before = await settledBytes(pid);
  await tell(idle, order);
  return ((await settledBytes(pid)) - before) / connections;
}

/** Resident memory of a process once it has not fallen for a while. */
async function settledBytes(pid: number): Promise<number> {
  let least = residentBytes(pid);
  for (let look = 0, unchanged = 0; look < looksMax && unchanged < unchangedLooks; look++) {
    await delay(lookMs);
    const now = residentBytes(pid);
    unchanged = now < least ? 0 : unchanged + 1;
    least = Math.min(least, now);
  }
  return least;
}

async function reconnect(gateway: GatewayProcess, clients: readonly LoadClient[]): Promise<number> {
  const idle = fork(idleScript);
  try {
    await tell(idle, { type: 'open', port: gateway.mqttPort, clients: clients.slice(0, reconnecting) });
    const startedMs = performance.now();
    await tell(idle, { type: 'reconnect' });
    const settledSec = (performance.now() - startedMs) / 1000;
    await sendAll(gateway, clients.slice(reconnecting, reconnecting + 100));
    return settledSec;
  } finally {
    await endProcess(idle);
  }
}

/** Throws unless every batch of these devices is acknowledged. */
async function sendAll(gateway: GatewayProcess, clients: readonly LoadClient[]): Promise<void> {
  const order = { port: gateway.mqttPort, kind: 'fieldline', clients, messagesPerClient: 10 } as const;
  const load = await Load.prepare({ ...order, readingsPerMessage: 1, windowMessages: 10 });
  const { acknowledged } = await load.run();
  await load.end();
  if (acknowledged !== clients.length * 10) throw new Error(`${acknowledged} batches were acknowledged`);
  const unaccounted = await gateway.unaccounted();
  if (unaccounted !== 0) throw new Error(`${unaccounted} readings are unaccounted for`);
}

async function tell(process: ChildProcess, order: IdleOrder): Promise<void> {
  const done = once(process, 'message');
  process.send(order);
  await done;
}
