import { FieldlineError, SinkReplayAnswer } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { text, toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const replay = defineCommand({
  brief: 'Fills a sink from the journal again',
  description:
    'Gives a sink the entries of the journal again, from an offset or from the time at which they were journaled. InfluxDB gets the same points once more, from the oldest entry on, since readings of equal times are told apart by what came before them; the embedded store begins with an empty file, keeps the old one beside it, and takes the whole journal.',
  examples: ['replay --sink embedded --from 0', 'replay --sink influxdb --from 0'],
  options: {
    ...gatewayOptions,
    sink: text({ brief: 'embedded or influxdb', placeholder: 'NAME' }),
    from: text({ brief: 'Offset in the journal, or an ISO 8601 time', placeholder: 'OFFSET|TIME' }),
    incomplete: toggle({ brief: 'Empty the store although the journal no longer holds all that it has' }),
    json: toggle({ brief: 'Print {sink, fromOffset, toOffset}' }),
  },
  run: async ({ options, io }) => {
    const { sink, from, incomplete } = options;
    if (sink === undefined || from === undefined)
      throw new FieldlineError('CLI_USAGE', {
        subject: 'replay',
        detail: 'Give --sink NAME and --from OFFSET|TIME.',
      });
    const start = /^\d+$/.test(from) ? { fromOffset: Number(from) } : { from };
    const path = `/api/v1/sinks/${encodeURIComponent(sink)}/replay`;
    const answer = await new GatewayClient(options).post(path, SinkReplayAnswer, { ...start, incomplete });
    if (options.json) io.printJson(answer);
    else
      io.print(
        `${answer.sink} gets the entries ${answer.fromOffset} to ${answer.toOffset} of the journal again`,
      );
    return 0;
  },
});
