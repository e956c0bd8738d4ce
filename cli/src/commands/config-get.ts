import { DeviceConfigAnswer } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { configPath } from '../config/await-answer.ts';
import { toYaml } from '../config/config-file.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const configGet = defineCommand({
  brief: 'Prints the configuration that a device shall run, as YAML',
  description:
    'Prints the configuration that a device shall run, or the one that it runs where the gateway wants no other. Passwords are left out.',
  examples: ['config get greenhouse-1 > greenhouse-1.yaml', 'config get greenhouse-1 --json'],
  options: {
    ...gatewayOptions,
    running: toggle({ brief: 'What the device runs, whatever it shall run' }),
    json: toggle({ brief: 'Print {device, state, desired, reported}' }),
  },
  argument: { placeholder: 'DEVICE', brief: 'Its id', optional: false },
  run: async ({ options, argument = '', io }) => {
    const answer = await new GatewayClient(options).get(configPath(argument), DeviceConfigAnswer);
    if (options.json) {
      io.printJson(answer);
      return 0;
    }
    const shown = options.running ? answer.reported : (answer.desired ?? answer.reported);
    if (shown === null) {
      io.remark(`${argument} has not reported a configuration yet, and nobody has set one.`);
      return 1;
    }
    io.print(`# ${argument}: version ${shown.version}, ${answer.state}`);
    io.print(toYaml(shown.config));
    return 0;
  },
});
