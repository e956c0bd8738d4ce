import { DeadLettersAnswer, type DeadLetter } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { figure, toggle } from '../command/option.ts';
import { deadLetterFilter, deadLettersPath } from '../gateway/dead-letter-pages.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { table } from '../terminal/table.ts';
import { seen } from './device-list.ts';

/** Characters of the reason's detail that fit on a line. */
const detailChars = 60;

export const deadLettersList = defineCommand({
  brief: 'Lists what the gateway refused, the newest first, each with its reason',
  examples: ['dead-letters list', 'dead-letters list --device greenhouse-1 --code CLOCK_IMPLAUSIBLE --json'],
  options: {
    ...gatewayOptions,
    ...deadLetterFilter,
    limit: figure({ brief: 'At most so many', least: 1, most: 1000, whole: true, fallback: 50 }),
    before: figure({ brief: 'Only below this number: the next page', least: 1, whole: true }),
    json: toggle({ brief: 'Print {deadLetters: […], next}' }),
  },
  run: async ({ options, io }) => {
    const answer = await new GatewayClient(options).get(deadLettersPath(options), DeadLettersAnswer);
    if (options.json) io.printJson(answer);
    else if (answer.deadLetters.length === 0) io.print('No dead letters: nothing was refused.');
    else {
      const heads = ['id', 'last', 'device', 'times', 'bytes', 'reason'];
      const columns = heads.map((head) => ({
        head,
        align: ['id', 'times', 'bytes'].includes(head) ? ('right' as const) : ('left' as const),
      }));
      io.print(table(columns, answer.deadLetters.map(toRow), io.style));
      if (answer.next !== null) io.remark(`There are more: --before ${answer.next}`);
    }
    return 0;
  },
});

function toRow({ id, lastAtUs, device, count, sizeBytes, code, detail }: DeadLetter): string[] {
  const reason = detail.length > detailChars ? `${detail.slice(0, detailChars)}…` : detail;
  return [String(id), seen(lastAtUs), device, String(count), String(sizeBytes), `${code} ${reason}`.trim()];
}
