import { AlertRulesAnswer } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { table } from '../terminal/table.ts';

export const alertsRules = defineCommand({
  brief: 'The rules, and the channels to which they may deliver',
  examples: ['alerts rules', 'alerts rules --json'],
  options: { ...gatewayOptions, json: toggle({ brief: 'Print {rules, channels}' }) },
  run: async ({ options, io }) => {
    const answer = await new GatewayClient(options).get('/api/v1/alerts/rules', AlertRulesAnswer);
    if (options.json) {
      io.printJson(answer);
      return 0;
    }
    const heads = ['rule', 'severity', 'kind', 'for', 'channels', 'name'];
    const rows = answer.rules.map((rule) => [
      rule.enabled ? rule.id : io.style.dim(`${rule.id} (off)`),
      rule.severity,
      rule.condition.kind,
      rule.for,
      rule.deliverTo.join(', ') || '–',
      rule.name,
    ]);
    io.print(table(heads, rows, io.style));
    for (const { name, kind, target } of answer.channels) io.print(`channel ${name}: ${kind} to ${target}`);
    return 0;
  },
});
