import { AlertSilence } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { duration, text, toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { timeOf } from '../terminal/alert-table.ts';

const forDefaultUs = 3_600_000_000;

export const alertsSilence = defineCommand({
  brief: 'Sends nothing for a while about a rule, a subject, or both',
  examples: ['alerts silence --rule too-warm --for 2h', 'alerts silence --subject porch --for 1d --json'],
  options: {
    ...gatewayOptions,
    rule: text({ brief: 'Only of this rule', placeholder: 'RULE' }),
    subject: text({ brief: 'Only of this device, sensor, stream or stage', placeholder: 'NAME' }),
    for: duration({ brief: 'How long; 1h if left out', placeholder: '2h' }),
    reason: text({ brief: 'What others should know', placeholder: 'TEXT' }),
    json: toggle({ brief: 'Print the silence' }),
  },
  run: async ({ options, io }) => {
    const { rule, subject, reason } = options;
    const forSeconds = Math.ceil((options.for ?? forDefaultUs) / 1e6);
    const silence = await new GatewayClient(options).post('/api/v1/alerts/silences', AlertSilence, {
      forSeconds,
      ...(rule === undefined ? {} : { rule }),
      ...(subject === undefined ? {} : { subject }),
      ...(reason === undefined ? {} : { reason }),
    });
    if (options.json) io.printJson(silence);
    else
      io.print(
        `Nothing is sent of ${subject ?? 'everything'} (${rule ?? 'every rule'}) until ${timeOf(silence.untilUs)}.`,
      );
    return 0;
  },
});
