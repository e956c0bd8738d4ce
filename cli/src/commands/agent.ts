import { FieldlineError } from '@fieldline/protocol';
import { aborted } from '../command/command-io.ts';
import { defineCommand } from '../command/define-command.ts';
import { text, toggle } from '../command/option.ts';

export const agent = defineCommand({
  brief: 'Runs the agent of a device: reads its sensors and carries the readings to a gateway',
  examples: ['agent --config agent.yaml', 'agent --config agent.yaml --json'],
  options: {
    config: text({
      brief: 'The configuration file of the agent (YAML)',
      placeholder: 'FILE',
      isSetting: true,
    }),
    json: toggle({ brief: 'Print {"ready": {device, config, pid}} once it runs' }),
  },
  run: async ({ options, io }) => {
    if (options.config === undefined) {
      throw new FieldlineError('CLI_USAGE', {
        subject: '--config',
        detail: 'An agent needs its configuration file.',
      });
    }
    // Loaded here, so that every other command starts without it.
    const { giveBuffersOwnMemory, loadOrRepair, startAgent } = await import('@fieldline/edge');
    giveBuffersOwnMemory();
    const config = await loadOrRepair(options.config);
    if (config.failure !== undefined) {
      io.remark(`fieldline: ${config.failure}`);
      io.remark('fieldline: the file is not used; the device runs what it ran last, or no sensor, and can be repaired from the gateway.'); // prettier-ignore
    }
    const running = await startAgent(config);
    const { device } = config;
    if (options.json) io.printJson({ ready: { device, config: options.config, pid: process.pid } });
    else
      io.print(
        `The agent of ${io.style.bold(device)} reads ${config.sensors.length} sensors. Ctrl-C stops it.`,
      );
    await aborted(io.interrupted);
    await running.stop();
    return 0;
  },
});
