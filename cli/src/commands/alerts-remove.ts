import { Type } from 'typebox';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

const Done = Type.Object({ ok: Type.Literal(true) });

export const alertsRemove = defineCommand({
  brief: 'Removes a rule; one that came with the gateway is as it came again',
  examples: ['alerts remove too-warm', 'alerts remove too-warm --json'],
  options: { ...gatewayOptions, json: toggle({ brief: 'Print {ok: true}' }) },
  argument: { placeholder: 'RULE', brief: 'Its id', optional: false },
  run: async ({ options, argument = '', io }) => {
    const path = `/api/v1/alerts/rules/${encodeURIComponent(argument)}`;
    const answer = await new GatewayClient(options).delete(path, Done);
    if (options.json) io.printJson(answer);
    else io.print(`${io.style.bold(argument)} is removed.`);
    return 0;
  },
});
