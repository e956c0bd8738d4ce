import { Alert } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { text, toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const alertsAcknowledge = defineCommand({
  brief: 'Notes that somebody has seen an alert',
  examples: ['alerts acknowledge 12', 'alerts acknowledge 12 --note "on my way" --json'],
  options: {
    ...gatewayOptions,
    note: text({ brief: 'What others should know', placeholder: 'TEXT' }),
    json: toggle({ brief: 'Print the alert' }),
  },
  argument: { placeholder: 'NUMBER', brief: 'As `alerts list` shows it', optional: false },
  run: async ({ options, argument = '', io }) => {
    const path = `/api/v1/alerts/${encodeURIComponent(argument)}/acknowledge`;
    const body = options.note === undefined ? {} : { note: options.note };
    const alert = await new GatewayClient(options).post(path, Alert, body);
    if (options.json) io.printJson(alert);
    else io.print(`${io.style.bold(String(alert.id))} is acknowledged by ${alert.acknowledged?.by ?? '–'}.`);
    return 0;
  },
});
