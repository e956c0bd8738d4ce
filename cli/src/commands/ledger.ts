import { LedgerAnswer, type LedgerRow } from '@fieldline/protocol';
import type { CommandIo } from '../command/command-io.ts';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { count, table } from '../terminal/table.ts';

export const ledger = defineCommand({
  brief: 'The account of every reading: taken, stored, under way, refused, lost',
  description:
    'Where every reading is, by counters that are independent of one another. Exits 1 if any reading is unaccounted for.',
  examples: ['ledger', 'ledger greenhouse-1', 'ledger --gateway http://127.0.0.1:8080 --json'],
  options: {
    ...gatewayOptions,
    json: toggle({ brief: 'Print the answer of the gateway as one JSON document' }),
  },
  argument: { placeholder: 'DEVICE', brief: 'Only this device, stream by stream', optional: true },
  run: async ({ options, argument, io }) => {
    const client = new GatewayClient(options);
    const path =
      argument === undefined ? '/api/v1/ledger' : `/api/v1/ledger?device=${encodeURIComponent(argument)}`;
    const answer = await client.get(path, LedgerAnswer);
    if (options.json) io.printJson(answer);
    else printLedger(answer, argument !== undefined, io);
    return answer.total.unaccounted === 0 ? 0 : 1;
  },
});

const figures = ['taken', 'stored', 'filtered', 'refused', 'lost', 'underWay', 'unaccounted'] as const;

/** Prints the ledger as a table: a row a device, or a row a stream. */
export function printLedger(answer: LedgerAnswer, byStream: boolean, io: CommandIo): void {
  const { style } = io;
  const cells = (name: string, row: LedgerRow) => [
    name,
    ...figures.map((figure) => {
      const text = count(row[figure]);
      if (row[figure] === 0) return style.dim(text);
      return figure === 'unaccounted'
        ? style.bad(text)
        : figure === 'lost' || figure === 'refused'
          ? style.warn(text)
          : text;
    }),
  ];
  const rows = byStream
    ? answer.devices.flatMap((device) => device.streams.map((row) => cells(row.stream, row)))
    : answer.devices.map((row) => cells(row.device, row));
  const heads = ['taken', 'stored', 'filtered', 'refused', 'lost', 'under way', 'unaccounted'];
  const columns = [
    { head: byStream ? 'stream' : 'device' },
    ...heads.map((head) => ({ head, align: 'right' as const })),
  ];
  io.print(table(columns, [...rows, cells(style.bold('total'), answer.total)], style));
  const { unaccounted } = answer.total;
  io.print('');
  if (unaccounted === 0)
    io.print(`${style.good('✓')} every reading is accounted for (store: ${answer.store})`);
  else
    io.print(`${style.bad('✗')} ${count(unaccounted)} readings are unaccounted for (store: ${answer.store})`);
  for (const { device, firstDifference } of answer.devices) {
    if (!firstDifference) continue;
    const { epoch, seq } = firstDifference;
    io.print(`  ${device}: its counters differ from epoch ${epoch}, batch ${seq}, on`);
  }
}
