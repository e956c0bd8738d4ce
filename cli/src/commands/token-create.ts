import { CreatedToken, FieldlineError, Scope, scopes } from '@fieldline/protocol';
import { Value } from 'typebox/value';
import { defineCommand } from '../command/define-command.ts';
import { duration, text, toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const tokenCreate = defineCommand({
  brief: 'Makes a token for a program and prints it, this once',
  examples: ['token create prometheus --scopes metrics', 'token create ci --scopes viewer --expires 720h'],
  options: {
    ...gatewayOptions,
    scopes: text({
      brief: `What it may do, of ${scopes.join(', ')}`,
      placeholder: 'A,B',
      fallback: 'viewer',
    }),
    expires: duration({ brief: 'How long it is good; without it until it is revoked' }),
    json: toggle({ brief: 'Print the token as one JSON document' }),
  },
  argument: { placeholder: 'NAME', brief: 'What it is for', optional: false },
  run: async ({ options, argument = '', io }) => {
    const body = {
      name: argument,
      scopes: readScopes(options.scopes),
      ...(options.expires !== undefined && { expiresAtUs: Date.now() * 1000 + Math.round(options.expires) }),
    };
    const created = await new GatewayClient(options).post('/api/v1/tokens', CreatedToken, body);
    if (options.json) io.printJson(created);
    else {
      io.print(`Token     ${created.token}`);
      io.print(`Scopes    ${created.scopes.join(', ')}`);
      io.remark(`The token is shown this once; \`fieldline token revoke ${created.id}\` ends it.`);
    }
    return 0;
  },
});

function readScopes(list: string): Scope[] {
  return list.split(',').map((word) => {
    if (Value.Check(Scope, word)) return word;
    const detail = `"${word}" is none of ${scopes.join(', ')}.`;
    throw new FieldlineError('CLI_USAGE', { subject: '--scopes', detail });
  });
}
