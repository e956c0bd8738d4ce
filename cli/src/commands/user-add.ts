import { roles, User } from '@fieldline/protocol';
import { choosePassword, passwordOption } from '../access/user-password.ts';
import { defineCommand } from '../command/define-command.ts';
import { choice, toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const userAdd = defineCommand({
  brief: 'Adds a person who may sign in; from the first one on, everybody has to',
  examples: ['user add ada --role admin', 'user add bob --password-file - < password.txt'],
  options: {
    ...gatewayOptions,
    role: choice({ brief: 'What they may do', words: roles, fallback: 'viewer' }),
    ...passwordOption,
    json: toggle({ brief: 'Print the user as one JSON document, with the password that was made' }),
  },
  argument: { placeholder: 'NAME', brief: 'Small letters, digits, dots and hyphens', optional: false },
  run: async ({ options, argument = '', io }) => {
    const { password, isNew } = choosePassword(options.passwordFile);
    const { role } = options;
    const body = { name: argument, role, password };
    const user = await new GatewayClient(options).post('/api/v1/users', User, body);
    if (options.json) io.printJson({ ...user, ...(isNew && { password }) });
    else {
      io.print(`${io.style.bold(user.name)} may sign in as ${user.role}.`);
      if (isNew) io.print(`Password  ${password}`);
      if (isNew) io.remark('The password is shown this once.');
    }
    return 0;
  },
});
