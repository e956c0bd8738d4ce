import { DeviceSummary } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const deviceRevoke = defineCommand({
  brief: 'Takes a device its access; its history stays',
  examples: ['device revoke greenhouse-1', 'device revoke greenhouse-1 --json'],
  options: { ...gatewayOptions, json: toggle({ brief: 'Print the device as one JSON document' }) },
  argument: { placeholder: 'DEVICE', brief: 'Its id', optional: false },
  run: async ({ options, argument = '', io }) => {
    const path = `/api/v1/devices/${encodeURIComponent(argument)}/revoke`;
    const device = await new GatewayClient(options).post(path, DeviceSummary);
    if (options.json) io.printJson(device);
    else
      io.print(
        `${io.style.bold(device.id)} is revoked: its connection is closed and its password no longer works.`,
      );
    return 0;
  },
});
