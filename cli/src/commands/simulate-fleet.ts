import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { DeviceCredential, FieldlineError } from '@fieldline/protocol';
import { runFleet, systemClock, type FleetCredential } from '@fieldline/simulators';
import { defineCommand } from '../command/define-command.ts';
import { figure, text, toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { count } from '../terminal/table.ts';

export const simulateFleet = defineCommand({
  brief: 'Many devices that publish real batches over MQTT, without sensors or agents',
  description: [
    'Registers devices at the gateway (prefix-0001, prefix-0002, …) and lets each publish batches of temperature readings.',
    'With --credentials the passwords are kept there, and the same devices come back at the next run.',
  ].join('\n'),
  examples: [
    'simulate fleet --devices 100',
    'simulate fleet --devices 500 --rate 10 --credentials fleet.json --mqtt mqtt://127.0.0.1:1883',
  ],
  options: {
    ...gatewayOptions,
    mqtt: text({
      brief: 'Address of the broker',
      placeholder: 'URL',
      fallback: 'mqtt://127.0.0.1:1883',
      isSetting: true,
    }),
    devices: figure({ brief: 'Devices', least: 1, most: 5000, whole: true, fallback: 10 }),
    rate: figure({ brief: 'Readings a second of each device', least: 0.1, most: 1000, fallback: 1 }),
    batch: figure({
      brief: 'Milliseconds between two batches of a device',
      least: 50,
      most: 600_000,
      fallback: 1000,
    }),
    prefix: text({ brief: 'How the names of the devices begin', placeholder: 'NAME', fallback: 'fleet' }),
    credentials: text({ brief: 'Keep the passwords in this file (0600)', placeholder: 'FILE' }),
    seed: figure({
      brief: 'The same seed gives the same readings',
      least: 0,
      most: 2 ** 32 - 1,
      whole: true,
      fallback: 1,
    }),
    json: toggle({
      brief:
        'Print {"ready": {kind, devices, pid}} first, and {taken, lost, batches, acknowledged} at the end',
    }),
  },
  run: async ({ options, io }) => {
    const { mqtt, devices, rate, batch, prefix, credentials: file, seed, json } = options;
    const names = Array.from(
      { length: devices },
      (_, index) => `${prefix}-${String(index + 1).padStart(4, '0')}`,
    );
    const credentials = await credentialsOf(names, file, new GatewayClient(options));
    const totals = await runFleet({
      mqttUrl: mqtt,
      credentials,
      ratePerSec: rate,
      batchEveryMs: batch,
      seed,
      clock: systemClock,
      signal: io.interrupted,
      onReady: () => {
        if (json) io.printJson({ ready: { kind: 'fleet', devices, pid: process.pid } });
        else
          io.print(
            `${devices} devices publish ${count(Math.round(devices * rate))} readings a second. Ctrl-C stops them.`,
          );
      },
    });
    if (json) io.printJson(totals);
    else
      io.print(
        `${count(totals.taken)} readings in ${count(totals.acknowledged)} acknowledged batches, ${count(totals.lost)} lost.`,
      );
    return 0;
  },
});

async function credentialsOf(
  names: readonly string[],
  file: string | undefined,
  client: GatewayClient,
): Promise<FleetCredential[]> {
  const known = file !== undefined && existsSync(file) ? readCredentials(file) : new Map<string, string>();
  const credentials: FleetCredential[] = [];
  for (const name of names) {
    const password = known.get(name) ?? (await register(name, client));
    known.set(name, password);
    credentials.push({ device: name, password });
  }
  if (file !== undefined)
    writeFileSync(file, `${JSON.stringify(Object.fromEntries(known))}\n`, { mode: 0o600 });
  return credentials;
}

async function register(name: string, client: GatewayClient): Promise<string> {
  try {
    return (await client.post('/api/v1/devices', DeviceCredential, { name })).password;
  } catch (cause) {
    if (!(cause instanceof FieldlineError) || cause.code !== 'CLI_GATEWAY_REFUSED') throw cause;
    throw new FieldlineError('SIMULATOR_FLEET_REFUSED', { subject: name, detail: cause.detail, cause });
  }
}

function readCredentials(file: string): Map<string, string> {
  const document: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const entries = typeof document === 'object' && document !== null ? Object.entries(document) : [];
  return new Map(entries.map(([name, password]) => [name, String(password)]));
}
