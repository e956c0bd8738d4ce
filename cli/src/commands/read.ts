import { FieldlineError } from '@fieldline/protocol';
import type { SensorConfig } from '@fieldline/edge';
import { aborted, type CommandIo } from '../command/command-io.ts';
import { defineCommand } from '../command/define-command.ts';
import { duration, figure, text, toggle } from '../command/option.ts';
import { remarkLogger } from '../pipeline/remark-logger.ts';

const timeoutDefaultUs = 30_000_000;

export const read = defineCommand({
  brief: 'Readings of one sensor, one JSON object a line',
  description:
    'Reads a sensor as the agent would, and prints its readings as {"t", "sensor", "quantity", "unit", "v"}, t in µs. For pipelines: `read | aggregate | publish`.',
  examples: [
    'read air --config agent.yaml --count 1',
    'read air --config agent.yaml | aggregate --window 1m',
  ],
  options: {
    json: toggle({ brief: 'One JSON object a line: it prints nothing else anyway' }),
    config: text({
      brief: 'The YAML file of the agent that names the sensor',
      placeholder: 'FILE',
      isSetting: true,
    }),
    count: figure({ brief: 'End after so many readings; default: never', least: 1, whole: true }),
    timeout: duration({ brief: 'With --count: fail where they do not come within this; default 30s' }),
  },
  argument: {
    placeholder: 'SENSOR',
    brief: 'Its id; may be left out where there is one only',
    optional: true,
  },
  run: async ({ options, argument, io }) => {
    const { config: path, count, timeout = timeoutDefaultUs } = options;
    if (path === undefined)
      throw new FieldlineError('CLI_USAGE', { subject: '--config', detail: 'Which file?' });
    const { loadAgentConfig } = await import('@fieldline/edge');
    const { sensors } = await loadAgentConfig(path);
    const sensor = sensors.find(({ id }) => id === (argument ?? (sensors.length === 1 ? id : undefined)));
    if (sensor === undefined) {
      const detail = `Give one of: ${sensors.map(({ id }) => id).join(', ')}.`;
      throw new FieldlineError('CLI_USAGE', { subject: argument ?? 'SENSOR', detail });
    }
    const timeoutMs = count === undefined ? undefined : timeout / 1000;
    const missing = await printReadings(sensor, io, { count: count ?? Infinity, timeoutMs });
    return count !== undefined && missing > 0 ? 1 : 0;
  },
});

/** Prints so many readings, or until the time is up or the command is interrupted; answers how many are missing. */
async function printReadings(
  sensor: SensorConfig,
  io: CommandIo,
  limits: { readonly count: number; readonly timeoutMs: number | undefined },
): Promise<number> {
  const { SensorReading } = await import('@fieldline/edge');
  const whole = Promise.withResolvers<undefined>();
  let left = limits.count;
  const reading = new SensorReading({
    sensor,
    logger: remarkLogger(io),
    onReading: (line) => {
      if (left <= 0) return;
      io.printJson(line);
      left -= 1;
      if (left === 0) whole.resolve(undefined);
    },
  });
  const { timeoutMs } = limits;
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => whole.resolve(undefined), timeoutMs);
  await Promise.race([whole.promise, aborted(io.interrupted)]);
  clearTimeout(timer);
  await reading.stop();
  return left;
}
