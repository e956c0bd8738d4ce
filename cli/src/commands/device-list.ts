import { DevicesAnswer, type DeviceSummary } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import type { Style } from '../terminal/style.ts';
import { table } from '../terminal/table.ts';

export const deviceList = defineCommand({
  brief: 'Lists the devices, with when each was last heard of',
  examples: ['device list', 'device list --json'],
  options: { ...gatewayOptions, json: toggle({ brief: 'Print {devices: […]}' }) },
  run: async ({ options, io }) => {
    const answer = await new GatewayClient(options).get('/api/v1/devices', DevicesAnswer);
    if (options.json) io.printJson(answer);
    else if (answer.devices.length === 0)
      io.print('No devices yet: `fieldline device add NAME` registers one.');
    else {
      const heads = ['device', 'state', 'last seen', 'sensors', 'streams', 'alarms'];
      const columns = heads.map((head) => ({
        head,
        align: head === 'streams' ? ('right' as const) : ('left' as const),
      }));
      io.print(
        table(
          columns,
          answer.devices.map((device) => row(device, io.style)),
          io.style,
        ),
      );
    }
    return 0;
  },
});

function row(device: DeviceSummary, style: Style): string[] {
  const sensors = device.sensors.map(({ id }) => id).join(', ');
  const alarms = style.bad((device.alarms ?? []).join(' '));
  return [
    device.id,
    stateOf(device, style),
    seen(device.lastSeenUs),
    sensors,
    String(device.streamCount),
    alarms,
  ];
}

/** One word for how a device is. */
export function stateOf(device: DeviceSummary, style: Style): string {
  if (device.revoked) return style.bad('revoked');
  return device.online ? style.good('online') : style.dim('offline');
}

/** The time of day at which a device was last heard of, UTC. */
export function seen(timeUs: number | null): string {
  return timeUs === null ? 'never' : new Date(timeUs / 1000).toISOString().slice(0, 19).replace('T', ' ');
}
