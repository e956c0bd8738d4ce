import { UsersAnswer } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const userRemove = defineCommand({
  brief: 'Removes a person, and ends their sessions at once',
  examples: ['user remove bob', 'user remove bob --json'],
  options: { ...gatewayOptions, json: toggle({ brief: 'Print {users: […]}: who is left' }) },
  argument: { placeholder: 'NAME', brief: 'Whom', optional: false },
  run: async ({ options, argument = '', io }) => {
    const path = `/api/v1/users/${encodeURIComponent(argument)}`;
    const answer = await new GatewayClient(options).delete(path, UsersAnswer);
    if (options.json) io.printJson(answer);
    else {
      io.print(`${io.style.bold(argument)} can no longer sign in.`);
      if (answer.users.length === 0)
        io.remark('Nobody is left: whoever uses this machine reads without signing in again.');
    }
    return 0;
  },
});
