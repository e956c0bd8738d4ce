import { DeviceCredential } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const deviceAdd = defineCommand({
  brief: 'Registers a device and prints its password, this once',
  examples: ['device add greenhouse-1', 'device add greenhouse-1 --json'],
  options: { ...gatewayOptions, json: toggle({ brief: 'Print {device, username, password}' }) },
  argument: { placeholder: 'NAME', brief: 'Its id: small letters, digits and hyphens', optional: false },
  run: async ({ options, argument = '', io }) => {
    const credential = await new GatewayClient(options).post('/api/v1/devices', DeviceCredential, {
      name: argument,
    });
    if (options.json) io.printJson(credential);
    else {
      io.print(`Device    ${io.style.bold(credential.device)}`);
      io.print(`Username  ${credential.username}`);
      io.print(`Password  ${credential.password}`);
      io.remark(
        'The password is shown this once: put it into the configuration of the agent (gateway.password).',
      );
    }
    return 0;
  },
});
