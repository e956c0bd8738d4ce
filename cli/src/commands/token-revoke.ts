import { ApiToken } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const tokenRevoke = defineCommand({
  brief: 'Ends a token at once',
  examples: ['token revoke 0123456789ab', 'token revoke 0123456789ab --json'],
  options: { ...gatewayOptions, json: toggle({ brief: 'Print the token as one JSON document' }) },
  argument: { placeholder: 'ID', brief: 'Its id, as `token list` shows it', optional: false },
  run: async ({ options, argument = '', io }) => {
    const path = `/api/v1/tokens/${encodeURIComponent(argument)}`;
    const token = await new GatewayClient(options).delete(path, ApiToken);
    if (options.json) io.printJson(token);
    else io.print(`${io.style.bold(token.name)} is revoked.`);
    return 0;
  },
});
