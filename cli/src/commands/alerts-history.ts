import { AlertHistoryAnswer } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { figure, text, toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { alertTable } from '../terminal/alert-table.ts';

export const alertsHistory = defineCommand({
  brief: 'What fired, the newest first',
  examples: ['alerts history', 'alerts history --rule too-warm --limit 20 --json'],
  options: {
    ...gatewayOptions,
    rule: text({ brief: 'Only of this rule', placeholder: 'RULE' }),
    subject: text({ brief: 'Only of this stream, sensor, device or stage', placeholder: 'NAME' }),
    limit: figure({ brief: 'How many', placeholder: 'N', least: 1, most: 1000, whole: true, fallback: 100 }),
    json: toggle({ brief: 'Print {alerts: […]}' }),
  },
  run: async ({ options, io }) => {
    const { rule, subject, limit } = options;
    const query = new URLSearchParams({ limit: String(limit) });
    if (rule !== undefined) query.set('rule', rule);
    if (subject !== undefined) query.set('subject', subject);
    const path = `/api/v1/alerts/history?${query.toString()}`;
    const answer = await new GatewayClient(options).get(path, AlertHistoryAnswer);
    if (options.json) io.printJson(answer);
    else if (answer.alerts.length === 0) io.print('Nothing has fired.');
    else io.print(alertTable(answer.alerts, io.style));
    return 0;
  },
});
