import { DryRunAnswer, type DryRunFigures } from '@fieldline/protocol';
import type { CommandIo } from '../command/command-io.ts';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { configPath, printErrors } from '../config/await-answer.ts';
import { fileOption, readConfigFile } from '../config/config-file.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { table } from '../terminal/table.ts';

export const configTest = defineCommand({
  brief: 'Has a device try a configuration on its last minutes, and changes nothing',
  description:
    'Has a device check a configuration and try it on the readings of its last minutes: what it would send, beside what it sends now. Changes nothing. Exit code 1: the device would reject it.',
  examples: ['config test greenhouse-1 --file greenhouse-1.yaml', 'config test greenhouse-1 --file - --json'],
  options: {
    ...gatewayOptions,
    ...fileOption,
    json: toggle({ brief: 'Print {ok, errors, now, next}' }),
  },
  argument: { placeholder: 'DEVICE', brief: 'Its id', optional: false },
  run: async ({ options, argument = '', io }) => {
    const config = readConfigFile(options.file);
    const client = new GatewayClient(options);
    const answer = await client.post(`${configPath(argument)}/dry-run`, DryRunAnswer, { config });
    if (options.json) io.printJson(answer);
    else if (answer.next === null) printErrors(answer.errors, io);
    else printFigures(answer.now, answer.next, io);
    return answer.ok ? 0 : 1;
  },
});

function printFigures(now: DryRunFigures, next: DryRunFigures, io: CommandIo): void {
  const columns = ['sensor', 'readings tried', 'rows/s now', 'then', 'bytes/s now', 'then'].map(
    (head, index) => ({ head, align: index === 0 ? ('left' as const) : ('right' as const) }),
  );
  const rows = next.sensors.map(({ sensor, readings, rowsPerSec, bytesPerSec }) => {
    const before = now.sensors.find((each) => each.sensor === sensor);
    return [
      sensor,
      String(readings),
      rate(before?.rowsPerSec),
      rate(rowsPerSec),
      rate(before?.bytesPerSec),
      rate(bytesPerSec),
    ];
  });
  const total = ['all', '', '', '', rate(now.bytesPerSec), rate(next.bytesPerSec)];
  io.print(table(columns, [...rows, total], io.style));
}

function rate(value: number | undefined): string {
  if (value === undefined) return '–';
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
