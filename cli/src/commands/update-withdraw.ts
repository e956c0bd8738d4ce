import { UpdatesAnswer } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const updateWithdraw = defineCommand({
  brief: 'Withdraws an offer: devices that have not begun do not get it any more',
  examples: ['update withdraw p5wVnX1u0Lk2', 'update withdraw p5wVnX1u0Lk2 --json'],
  options: { ...gatewayOptions, json: toggle({ brief: 'Print {bundles, offers} as they are now' }) },
  argument: { placeholder: 'OFFER', brief: 'As `update offer` printed it', optional: false },
  run: async ({ options, argument = '', io }) => {
    const path = `/api/v1/updates/offers/${encodeURIComponent(argument)}`;
    const answer = await new GatewayClient(options).delete(path, UpdatesAnswer);
    if (options.json) io.printJson(answer);
    else io.print(`${io.style.bold(argument)} is withdrawn.`);
    return 0;
  },
});
