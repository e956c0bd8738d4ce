import { UpdatesAnswer, type OfferSummary } from '@fieldline/protocol';
import type { CommandIo } from '../command/command-io.ts';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { size } from '../flash/phase-line.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { table } from '../terminal/table.ts';
import { seen } from './device-list.ts';

export const updateStatus = defineCommand({
  brief: 'What is published and offered, and how far it has come on each device',
  examples: ['update status', 'update status --json'],
  options: { ...gatewayOptions, json: toggle({ brief: 'Print {bundles, offers}' }) },
  run: async ({ options, io }) => {
    const answer = await new GatewayClient(options).get('/api/v1/updates', UpdatesAnswer);
    if (options.json) {
      io.printJson(answer);
      return 0;
    }
    if (answer.bundles.length === 0) io.print('Nothing is published: fieldline update publish.');
    else io.print(bundlesText(answer, io));
    for (const offer of answer.offers) io.print(`\n${offerText(offer, io)}`);
    return 0;
  },
});

function bundlesText({ bundles }: UpdatesAnswer, io: CommandIo): string {
  const rows = bundles.map(({ version, arch, sizeBytes, publishedAt }) => [
    version,
    arch,
    size(sizeBytes),
    seen(publishedAt),
  ]);
  return table(
    ['VERSION', 'FOR', 'SIZE', 'PUBLISHED'].map((head) => ({ head })),
    rows,
    io.style,
  );
}

function offerText({ id, version, progress, offeredAt }: OfferSummary, io: CommandIo): string {
  const rows = progress.map(({ device, state, code, detail }) => [device, state, code ?? '', detail ?? '']);
  const head = `${io.style.bold(version)} offered ${seen(offeredAt)} as ${id}`;
  if (rows.length === 0) return `${head}: no device is in it.`;
  const heads = ['DEVICE', 'STATE', 'CODE', 'WHY'].map((each) => ({ head: each }));
  return `${head}\n${table(heads, rows, io.style)}`;
}
