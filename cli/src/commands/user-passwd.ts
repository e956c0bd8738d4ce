import { User } from '@fieldline/protocol';
import { choosePassword, passwordOption } from '../access/user-password.ts';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const userPasswd = defineCommand({
  brief: 'Gives a person another password, and ends their sessions',
  examples: ['user passwd ada', 'user passwd ada --password-file - < password.txt'],
  options: {
    ...gatewayOptions,
    ...passwordOption,
    json: toggle({ brief: 'Print the user as one JSON document, with the password that was made' }),
  },
  argument: { placeholder: 'NAME', brief: 'Whose', optional: false },
  run: async ({ options, argument = '', io }) => {
    const { password, isNew } = choosePassword(options.passwordFile);
    const path = `/api/v1/users/${encodeURIComponent(argument)}`;
    const user = await new GatewayClient(options).put(path, User, { password });
    if (options.json) io.printJson({ ...user, ...(isNew && { password }) });
    else {
      io.print(`${io.style.bold(user.name)} has another password; sessions with the old one have ended.`);
      if (isNew) io.print(`Password  ${password}`);
      if (isNew) io.remark('The password is shown this once.');
    }
    return 0;
  },
});
