import { FieldlineError } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { duration, text, toggle } from '../command/option.ts';
import { remarkLogger } from '../pipeline/remark-logger.ts';

const timeoutDefaultUs = 10_000_000;

export const publish = defineCommand({
  brief: 'Readings from standard input to the gateway',
  description:
    'Sends readings as the device of the configuration, durably: what cannot be sent now is sent by the next call. Exit 1 where something still waits. Use a device of its own: one name is one connection.',
  examples: ['publish --config pipeline.yaml < readings.ndjson'],
  options: {
    json: toggle({ brief: 'Print {"lines", "waitingBatches"} at the end' }),
    config: text({
      brief: 'The YAML file that names device, gateway and dataDir',
      placeholder: 'FILE',
      isSetting: true,
    }),
    timeout: duration({ brief: 'How long to wait for the gateway; default 10s' }),
  },
  run: async ({ options, io }) => {
    const { config: path, timeout = timeoutDefaultUs } = options;
    if (path === undefined)
      throw new FieldlineError('CLI_USAGE', { subject: '--config', detail: 'Which file?' });
    const { loadAgentConfig, publishLines, publishLinesMax } = await import('@fieldline/edge');
    const { inputLines } = await import('../pipeline/input-lines.ts');
    const config = await loadAgentConfig(path);
    const lines = [];
    for await (const line of inputLines(io)) {
      if (lines.length === publishLinesMax) {
        const detail = `At most ${publishLinesMax} lines a call; nothing was published.`;
        throw new FieldlineError('CLI_USAGE', { subject: 'standard input', detail });
      }
      lines.push(line);
    }
    const logger = remarkLogger(io);
    const { waitingBatches } = await publishLines(lines, { config, timeoutMs: timeout / 1000, logger });
    if (waitingBatches > 0)
      io.remark(`${waitingBatches} batches wait in ${config.dataDir} for the next call`);
    return waitingBatches > 0 ? 1 : 0;
  },
});
