import { FieldlineError } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { duration, text, toggle } from '../command/option.ts';

const statisticsDefault = 'count,mean,min,max';

export const aggregate = defineCommand({
  brief: 'Readings from standard input to figures of windows, one JSON object a line',
  description:
    'Cuts readings into windows by their own times, aligned to the clock, and at the end of the input prints one line a figure: temperature_mean at the start of its window.',
  examples: [
    'aggregate --window 1h < readings.ndjson',
    'aggregate --window 1m --of mean,p95 < readings.ndjson',
  ],
  options: {
    json: toggle({ brief: 'One JSON object a line: it prints nothing else anyway' }),
    window: duration({ brief: 'Length of the windows: 1m, 1h' }),
    of: text({
      brief: 'Figures: count, mean, min, max, first, last, stddev, p50, p95, p99',
      placeholder: 'LIST',
      fallback: statisticsDefault,
    }),
  },
  run: async ({ options, io }) => {
    if (options.window === undefined)
      throw new FieldlineError('CLI_USAGE', { subject: '--window', detail: 'How long are the windows?' });
    const { LineAggregator, lineStatistics } = await import('@fieldline/edge');
    const { inputLines } = await import('../pipeline/input-lines.ts');
    const statistics = options.of.split(',').map((word) => {
      const found = lineStatistics.find((statistic) => statistic === word.trim());
      if (found !== undefined) return found;
      const detail = `"${word}" is none of: ${lineStatistics.join(', ')}.`;
      throw new FieldlineError('CLI_USAGE', { subject: '--of', detail });
    });
    const windows = new LineAggregator(options.window, statistics);
    let refused = 0;
    for await (const line of inputLines(io)) if (!windows.add(line)) refused += 1;
    for (const line of windows.finish()) io.printJson(line);
    if (refused > 0) io.remark(`${refused} readings found no window: there are too many of them`);
    return refused > 0 ? 1 : 0;
  },
});
