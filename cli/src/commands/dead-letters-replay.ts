import { FieldlineError, ReplayAnswer } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { letterPath } from '../gateway/dead-letter-id.ts';
import { allDeadLetters, deadLetterFilter } from '../gateway/dead-letter-pages.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const deadLettersReplay = defineCommand({
  brief: 'Gives dead letters to the gateway once more, after what was wrong has been put right',
  description: [
    'Gives one dead letter to the gateway once more, or all that --device and --code leave. What is stored this',
    'time is a dead letter no more. Exit 1 where any was refused again.',
  ].join('\n'),
  examples: ['dead-letters replay 17', 'dead-letters replay --code STREAM_LIMIT --device greenhouse-1'],
  options: {
    ...gatewayOptions,
    ...deadLetterFilter,
    all: toggle({ brief: 'Every dead letter that can be replayed' }),
    json: toggle({ brief: 'Print {id, outcome, code, detail}, one document a line' }),
  },
  argument: { placeholder: 'ID', brief: 'Its number; else say which by options', optional: true },
  run: async ({ options, argument, io }) => {
    const client = new GatewayClient(options);
    const counts = { stored: 0, duplicate: 0, refused: 0 };
    for await (const path of pathsOf(client, argument, options)) {
      const answer = await client.post(`${path}/replay`, ReplayAnswer);
      counts[answer.outcome] += 1;
      if (options.json) io.printJson(answer);
      else if (answer.outcome === 'refused')
        io.print(`${answer.id}: refused again: ${answer.code ?? ''} ${answer.detail}`);
    }
    if (!options.json) {
      const { stored, duplicate, refused } = counts;
      io.print(`${stored} stored, ${duplicate} known already, ${refused} refused again.`);
    }
    return counts.refused > 0 ? 1 : 0;
  },
});

async function* pathsOf(
  client: GatewayClient,
  id: string | undefined,
  which: { device?: string | undefined; code?: string | undefined; all: boolean },
): AsyncGenerator<string> {
  if (id !== undefined) {
    yield letterPath(id);
    return;
  }
  if (which.device === undefined && which.code === undefined && !which.all) {
    const detail = 'Give the number of a dead letter, or --device, --code or --all.';
    throw new FieldlineError('CLI_USAGE', { subject: 'dead-letters replay', detail });
  }
  for await (const letter of allDeadLetters(client, which)) {
    if (letter.isReplayable) yield letterPath(String(letter.id));
  }
}
