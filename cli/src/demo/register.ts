import { existsSync, writeFileSync } from 'node:fs';
import { DeviceCredential, DevicesAnswer, FieldlineError } from '@fieldline/protocol';
import { stringify } from 'yaml';
import type { GatewayClient } from '../gateway/gateway-client.ts';
import type { DemoHome } from './home.ts';
import type { PlannedDevice } from './plan.ts';

/** Registers the devices that the gateway does not know yet, and keeps the password of each in its folder. */
export async function registerDevices(
  client: GatewayClient,
  home: DemoHome,
  devices: readonly PlannedDevice[],
): Promise<void> {
  const { devices: known } = await client.get('/api/v1/devices', DevicesAnswer);
  for (const { id } of devices) {
    const file = home.passwordFile(id);
    if (known.some((device) => device.id === id)) {
      if (existsSync(file)) continue;
      throw new FieldlineError('CLI_DEMO_FAILED', {
        subject: id,
        detail:
          'This home knows the device, but not from a demo, and its password is not here; use another --home.',
      });
    }
    const { password } = await client.post('/api/v1/devices', DeviceCredential, { name: id });
    writeFileSync(file, `${password}\n`, { mode: 0o600 });
  }
}

/** Writes the configuration of each agent. */
export function writeAgentConfigs(home: DemoHome, devices: readonly PlannedDevice[], mqttUrl: string): void {
  for (const { id, sensors } of devices) {
    const config = {
      device: id,
      gateway: { url: mqttUrl, passwordFile: home.passwordFile(id) },
      dataDir: './data',
      tags: { site: 'demo' },
      flush: '500ms',
      sensors: sensors.map((sensor) => ({ id: sensor.id, ...sensor.config, port: home.port(id, sensor.id) })),
    };
    writeFileSync(home.agentConfig(id), stringify(config));
  }
}
