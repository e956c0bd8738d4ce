import { DeviceSummary } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { seen, stateOf } from './device-list.ts';

export const deviceShow = defineCommand({
  brief: 'Shows one device',
  examples: ['device show greenhouse-1', 'device show greenhouse-1 --json'],
  options: { ...gatewayOptions, json: toggle({ brief: 'Print the device as one JSON document' }) },
  argument: { placeholder: 'DEVICE', brief: 'Its id', optional: false },
  run: async ({ options, argument = '', io }) => {
    const path = `/api/v1/devices/${encodeURIComponent(argument)}`;
    const device = await new GatewayClient(options).get(path, DeviceSummary);
    if (options.json) io.printJson(device);
    else {
      const tags = Object.entries(device.tags).map(([tag, value]) => `${tag}=${value}`);
      const rows = [
        ['Device', io.style.bold(device.id)],
        ['State', stateOf(device, io.style)],
        ['Last seen', seen(device.lastSeenUs)],
        ['Registered', seen(device.createdAtUs)],
        ['Agent', device.agentVersion ?? '–'],
        ['Clock', device.clock ?? '–'],
        [
          'Sensors',
          device.sensors.map(({ id, type }) => (id === type ? id : `${id} (${type})`)).join(', ') || '–',
        ],
        ['Streams', String(device.streamCount)],
        ['Tags', tags.join(', ') || '–'],
      ];
      for (const [name = '', value = ''] of rows) io.print(`${io.style.dim(name.padEnd(11))} ${value}`);
    }
    return 0;
  },
});
