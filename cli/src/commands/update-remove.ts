import { UpdatesAnswer } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const updateRemove = defineCommand({
  brief: 'Removes the bundles of a version from the gateway; devices that run it go on',
  examples: ['update remove 0.1.9', 'update remove 0.1.9 --json'],
  options: { ...gatewayOptions, json: toggle({ brief: 'Print {bundles, offers} as they are now' }) },
  argument: { placeholder: 'VERSION', brief: 'As `update status` shows it', optional: false },
  run: async ({ options, argument = '', io }) => {
    const path = `/api/v1/updates/versions/${encodeURIComponent(argument)}`;
    const answer = await new GatewayClient(options).delete(path, UpdatesAnswer);
    if (options.json) io.printJson(answer);
    else io.print(`${io.style.bold(argument)} is removed.`);
    return 0;
  },
});
