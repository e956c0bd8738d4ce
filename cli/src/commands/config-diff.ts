import { DeviceConfigAnswer } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { configPath } from '../config/await-answer.ts';
import { differences } from '../config/config-difference.ts';
import { fileOption, readConfigFile } from '../config/config-file.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const configDiff = defineCommand({
  brief: 'Shows where what a device runs differs from what it shall run, or from a file',
  description:
    'Shows where what a device runs differs from what it shall run, or from a file. Exit code 0: nowhere; 1: there are differences.',
  examples: ['config diff greenhouse-1', 'config diff greenhouse-1 --file greenhouse-1.yaml --json'],
  options: {
    ...gatewayOptions,
    ...fileOption,
    json: toggle({ brief: 'Print {device, differences: [{path, from, to} …]}' }),
  },
  argument: { placeholder: 'DEVICE', brief: 'Its id', optional: false },
  run: async ({ options, argument = '', io }) => {
    const { desired, reported } = await new GatewayClient(options).get(
      configPath(argument),
      DeviceConfigAnswer,
    );
    const running = reported?.config;
    const wanted = options.file === undefined ? (desired?.config ?? running) : readConfigFile(options.file);
    const found = differences(running, wanted);
    if (options.json) io.printJson({ device: argument, differences: found });
    else {
      for (const { path, from, to } of found) {
        if (from !== undefined) io.print(io.style.bad(`- ${path}: ${JSON.stringify(from)}`));
        if (to !== undefined) io.print(io.style.good(`+ ${path}: ${JSON.stringify(to)}`));
      }
    }
    return found.length === 0 ? 0 : 1;
  },
});
