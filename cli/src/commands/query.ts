import { QueryAnswer, QueryRawAnswer, QuerySeriesAnswer } from '@fieldline/protocol';
import { Type } from 'typebox';
import { defineCommand } from '../command/define-command.ts';
import { figure, text, toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { printReadings, printSeries } from '../query/print-history.ts';
import { rangeOptions, readRange } from '../query/time-range.ts';

export const query = defineCommand({
  brief: 'History of streams: mean, min, max, quantiles and deviation, bucket by bucket',
  description:
    'Prints the history of one stream, of several (with commas between them) or of all that match a pattern such as */air/temperature. With --group, streams that share a device, sensor, quantity, type or tag are taken together.',
  examples: [
    'query greenhouse-1/air/temperature',
    'query lab-1/shaft/ch0 --points 12 --json',
    'query rover-1/gnss/speed --from 2026-11-23T10:00:00Z --to 2026-11-23T11:00:00Z',
    'query "*/air/temperature" --group site --points 24',
    'query greenhouse-1/air/temperature --raw --points 100',
    'query greenhouse-1/air/temperature --edges 0,10,20,30 --points 1',
  ],
  options: {
    ...gatewayOptions,
    ...rangeOptions,
    points: figure({
      brief: 'At most so many buckets, or readings',
      least: 1,
      most: 10_000,
      whole: true,
      fallback: 20,
    }),
    group: text({
      brief: 'Take streams together by device, sensor, quantity, type or a tag',
      placeholder: 'NAME',
    }),
    edges: text({
      brief: 'Count readings by bins with these rising edges, such as 0,10,20',
      placeholder: 'NUMBERS',
    }),
    exact: toggle({ brief: 'Read the readings, however many, and no rollup' }),
    raw: toggle({ brief: 'Print single readings with their qualities, from the start on' }),
    json: toggle({ brief: 'Print the answer of the gateway as one JSON document' }),
  },
  argument: { placeholder: 'STREAM', brief: 'device/sensor/quantity; a part may be *', optional: false },
  run: async ({ options, argument = '', io }) => {
    const { fromUs, toUs } = readRange(options);
    const { points, group, edges, exact, raw } = options;
    const search = new URLSearchParams({
      from: String(fromUs),
      to: String(toUs),
      points: String(points),
      ...(group === undefined ? {} : { group }),
      ...(edges === undefined ? {} : { edges }),
      ...(exact ? { exact: 'true' } : {}),
      ...(raw ? { form: 'raw' } : {}),
    });
    for (const stream of argument.split(',')) search.append('stream', stream.trim());
    const schema = Type.Union([QueryAnswer, QuerySeriesAnswer, QueryRawAnswer]);
    const answer = await new GatewayClient(options).get(`/api/v1/query?${search.toString()}`, schema);
    if (options.json) io.printJson(answer);
    else if ('series' in answer) for (const series of answer.series) printSeries(series, io);
    else if ('v' in answer) printReadings(answer, io);
    else printSeries(answer, io);
    return 0;
  },
});
