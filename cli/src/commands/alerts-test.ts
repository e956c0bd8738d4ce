import { AlertTestAnswer } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { duration, toggle } from '../command/option.ts';
import { fileOption, readConfigFile } from '../config/config-file.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { timeOf } from '../terminal/alert-table.ts';
import { table } from '../terminal/table.ts';

const lastDefaultUs = 86_400_000_000;

export const alertsTest = defineCommand({
  brief: 'Tries a rule on history: when it would have fired',
  description:
    'Tries a rule on history, by the evaluator that works live. Nothing is kept and nothing sent. Exits 0 whether or not it would have fired.',
  examples: ['alerts test --file too-warm.yaml', 'alerts test --file too-warm.yaml --last 7d --json'],
  options: {
    ...gatewayOptions,
    ...fileOption,
    last: duration({ brief: 'How far back; 1d if left out', placeholder: '7d' }),
    json: toggle({ brief: 'Print {intervals, subjects, readings, windowUs, truncated}' }),
  },
  run: async ({ options, io }) => {
    const toUs = Date.now() * 1000;
    const fromUs = toUs - (options.last ?? lastDefaultUs);
    const body = { rule: readConfigFile(options.file), fromUs, toUs };
    const answer = await new GatewayClient(options).post('/api/v1/alerts/rules/test', AlertTestAnswer, body);
    if (options.json) {
      io.printJson(answer);
      return 0;
    }
    const { intervals, subjects, readings, truncated } = answer;
    const rows = intervals.map(({ subject, sinceUs, firedAtUs, toUs: endUs, value }) => [
      subject,
      timeOf(sinceUs),
      timeOf(firedAtUs),
      endUs === null ? 'still' : timeOf(endUs),
      value === null ? '–' : String(value),
    ]);
    const columns = ['subject', 'since', 'fires', 'over', 'figure'];
    if (rows.length > 0) io.print(table(columns, rows, io.style));
    io.print(
      `It would have fired ${intervals.length} times, on ${readings} readings of ${subjects} subjects.`,
    );
    if (truncated) io.remark('There was more than one answer holds: ask for less time, or fewer streams.');
    return 0;
  },
});
