import { TokensAnswer } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { table } from '../terminal/table.ts';
import { seen } from './device-list.ts';

export const tokenList = defineCommand({
  brief: 'Lists the tokens of programs, without their secrets',
  examples: ['token list', 'token list --json'],
  options: { ...gatewayOptions, json: toggle({ brief: 'Print {tokens: […]}' }) },
  run: async ({ options, io }) => {
    const answer = await new GatewayClient(options).get('/api/v1/tokens', TokensAnswer);
    if (options.json) io.printJson(answer);
    else if (answer.tokens.length === 0) io.print('No tokens yet: `fieldline token create NAME` makes one.');
    else {
      const rows = answer.tokens.map((token) => [
        token.id,
        token.name,
        token.scopes.join(', '),
        token.createdBy,
        token.expiresAtUs === null ? 'never' : seen(token.expiresAtUs),
        seen(token.lastUsedUs),
      ]);
      const heads = ['id', 'token', 'scopes', 'made by', 'ends', 'last used'];
      io.print(table(heads, rows, io.style));
    }
    return 0;
  },
});
