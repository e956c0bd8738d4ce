import { AuditAnswer } from '@fieldline/protocol';
import { defineCommand } from '../command/define-command.ts';
import { figure, toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { table } from '../terminal/table.ts';
import { seen } from './device-list.ts';

export const audit = defineCommand({
  brief: 'Who changed what at the gateway, when, and from where; the newest first',
  examples: ['audit', 'audit --limit 500 --json'],
  options: {
    ...gatewayOptions,
    limit: figure({ brief: 'Entries at most', least: 1, most: 1000, whole: true, fallback: 50 }),
    before: figure({ brief: 'Only entries with a lower number, for the next page', least: 1, whole: true }),
    json: toggle({ brief: 'Print {entries: […]}' }),
  },
  run: async ({ options, io }) => {
    const before = options.before === undefined ? '' : `&before=${options.before}`;
    const path = `/api/v1/audit?limit=${options.limit}${before}`;
    const answer = await new GatewayClient(options).get(path, AuditAnswer);
    if (options.json) io.printJson(answer);
    else {
      const rows = answer.entries.map(({ id, atUs, actor, address, action, subject }) => [
        String(id),
        seen(atUs),
        actor,
        address,
        action,
        subject,
      ]);
      const heads = ['number', 'when', 'who', 'from', 'did', 'to'];
      io.print(table(heads, rows, io.style));
    }
    return 0;
  },
});
