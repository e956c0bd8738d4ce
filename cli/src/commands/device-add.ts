import { DeviceClaim, DeviceCredential } from '@fieldline/protocol';
import type { CommandIo } from '../command/command-io.ts';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const deviceAdd = defineCommand({
  brief: 'Registers a device and prints its password, or a claim for it, this once',
  description: [
    'Registers a device and prints its password, this once. With --claim it prints what the agent trades over TLS for a',
    'credential of its own (gateway.claim in its configuration); a device that never came may be given another claim.',
  ].join('\n'),
  examples: ['device add greenhouse-1', 'device add greenhouse-1 --claim', 'device add greenhouse-1 --json'],
  options: {
    ...gatewayOptions,
    claim: toggle({ brief: 'Make a claim in the place of a password: good once, for a limited time' }),
    json: toggle({ brief: 'Print {device, username, password}, with --claim {device, claim, expiresAt}' }),
  },
  argument: { placeholder: 'NAME', brief: 'Its id: small letters, digits and hyphens', optional: false },
  run: async ({ options, argument = '', io }) => {
    const client = new GatewayClient(options);
    if (options.claim) {
      const claim = await client.post('/api/v1/devices', DeviceClaim, { name: argument, claim: true });
      if (options.json) io.printJson(claim);
      else printClaim(claim, io);
      return 0;
    }
    const credential = await client.post('/api/v1/devices', DeviceCredential, { name: argument });
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

function printClaim({ device, claim, expiresAt }: DeviceClaim, io: CommandIo): void {
  io.print(`Device    ${io.style.bold(device)}`);
  io.print(`Claim     ${claim}`);
  io.print(`Until     ${new Date(expiresAt / 1000).toISOString()}`);
  io.remark('The claim is shown this once: put it into the configuration of the agent (gateway.claim).');
}
