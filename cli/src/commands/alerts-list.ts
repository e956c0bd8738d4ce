import { AlertsAnswer, type Alert } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { alertTable } from '../terminal/alert-table.ts';

export const alertsList = defineCommand({
  brief: 'What is pending or firing now',
  description: 'What is pending or firing now. Exits 1 where something fires that nobody has acknowledged.',
  examples: ['alerts list', 'alerts list --json'],
  options: { ...gatewayOptions, json: toggle({ brief: 'Print {nowUs, alerts, silences}' }) },
  run: async ({ options, io }) => {
    const answer = await new GatewayClient(options).get('/api/v1/alerts', AlertsAnswer);
    if (options.json) io.printJson(answer);
    else if (answer.alerts.length === 0) io.print(`${io.style.good('✓')} nothing is pending or firing`);
    else io.print(alertTable(answer.alerts, io.style));
    return answer.alerts.some(isUnanswered) ? 1 : 0;
  },
});

function isUnanswered({ state, acknowledged, silenced }: Alert): boolean {
  return state === 'firing' && acknowledged === null && !silenced;
}
