import { DeviceConfigAnswer } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import type { CommandIo } from '../command/command-io.ts';
import { duration, figure, toggle } from '../command/option.ts';
import { awaitAnswer, configPath, printErrors } from '../config/await-answer.ts';
import { fileOption, readConfigFile } from '../config/config-file.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

/** A change waits for the end of the windows that it replaces: up to a minute. */
const waitDefaultUs = 90_000_000;

export const configSet = defineCommand({
  brief: 'Sets the configuration of a device, and waits until it runs',
  description:
    'Sets the configuration of a device, and waits until it runs. Exit code 0: the device runs it; 1: it was rejected, taken back, or not answered in time (the gateway goes on handing it out).',
  examples: [
    'config set greenhouse-1 --file greenhouse-1.yaml',
    'config set greenhouse-1 --file - --wait 10s --json',
  ],
  options: {
    ...gatewayOptions,
    ...fileOption,
    version: figure({
      brief: 'Refuse where this is not the newest version',
      placeholder: 'N',
      least: 0,
      whole: true,
    }),
    wait: duration({ brief: 'How long to wait for the device; 90s if left out', placeholder: '90s' }),
    json: toggle({ brief: 'Print {device, state, desired, reported}' }),
  },
  argument: { placeholder: 'DEVICE', brief: 'Its id', optional: false },
  run: async ({ options, argument = '', io }) => {
    const config = readConfigFile(options.file);
    const client = new GatewayClient(options);
    const path = configPath(argument);
    const version = options.version ?? (await client.get(path, DeviceConfigAnswer)).desired?.version ?? 0;
    await client.put(path, DeviceConfigAnswer, { config, version });
    const answer = await awaitAnswer(client, argument, { waitUs: options.wait ?? waitDefaultUs, io });
    if (options.json) io.printJson(answer);
    else tell(answer, io);
    return answer.state === 'applied' ? 0 : 1;
  },
});

function tell({ device, state, desired, reported }: DeviceConfigAnswer, io: CommandIo): void {
  const version = desired?.version ?? 0;
  if (state === 'applied') {
    io.print(`${io.style.bold(device)} runs version ${version}.`);
    return;
  }
  io.print(`Version ${version} does not run on ${io.style.bold(device)}: ${state}.`);
  if (reported?.version === version) printErrors(reported.errors, io);
  else io.remark('The gateway goes on handing it out; `fieldline config get` shows what becomes of it.');
}
