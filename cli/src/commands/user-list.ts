import { UsersAnswer } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { table } from '../terminal/table.ts';
import { seen } from './device-list.ts';

export const userList = defineCommand({
  brief: 'Lists who may sign in, and what they may do',
  examples: ['user list', 'user list --json'],
  options: { ...gatewayOptions, json: toggle({ brief: 'Print {users: […]}' }) },
  run: async ({ options, io }) => {
    const answer = await new GatewayClient(options).get('/api/v1/users', UsersAnswer);
    if (options.json) io.printJson(answer);
    else if (answer.users.length === 0)
      io.print('No users yet: this machine reads without signing in. `fieldline user add NAME` adds one.');
    else {
      const rows = answer.users.map(({ name, role, lastSignInUs }) => [name, role, seen(lastSignInUs)]);
      const columns = [{ head: 'user' }, { head: 'role' }, { head: 'last signed in' }];
      io.print(table(columns, rows, io.style));
    }
    return 0;
  },
});
