import { AlertRule } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { fileOption, readConfigFile } from '../config/config-file.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';

export const alertsSet = defineCommand({
  brief: 'Makes a rule, or replaces it',
  description:
    'Makes a rule from a YAML or JSON file, or replaces it. docs/guides/alerts.md shows each kind.',
  examples: ['alerts set too-warm --file too-warm.yaml', 'alerts set too-warm --file - --json'],
  options: { ...gatewayOptions, ...fileOption, json: toggle({ brief: 'Print the rule' }) },
  argument: { placeholder: 'RULE', brief: 'Its id: small letters, digits and hyphens', optional: false },
  run: async ({ options, argument = '', io }) => {
    const path = `/api/v1/alerts/rules/${encodeURIComponent(argument)}`;
    const rule = await new GatewayClient(options).put(path, AlertRule, readConfigFile(options.file));
    if (options.json) io.printJson(rule);
    else io.print(`${io.style.bold(rule.id)} ${rule.enabled ? 'is looked after' : 'is switched off'}.`);
    return 0;
  },
});
