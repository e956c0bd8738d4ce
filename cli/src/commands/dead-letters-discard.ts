import { DiscardAnswer } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { letterPath } from '../gateway/dead-letter-id.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const deadLettersDiscard = defineCommand({
  brief: 'Throws a dead letter away for good; its readings stay refused',
  examples: ['dead-letters discard 17'],
  options: { ...gatewayOptions, json: toggle({ brief: 'Print {id}' }) },
  argument: { placeholder: 'ID', brief: 'Its number', optional: false },
  run: async ({ options, argument = '', io }) => {
    const answer = await new GatewayClient(options).post(`${letterPath(argument)}/discard`, DiscardAnswer);
    if (options.json) io.printJson(answer);
    else io.print(`Dead letter ${answer.id} is gone.`);
    return 0;
  },
});
