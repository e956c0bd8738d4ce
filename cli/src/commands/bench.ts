import { FieldlineError } from '@fieldline/protocol';
import type { CommandIo } from '../command/command-io.ts';
import { defineCommand } from '../command/define-command.ts';
import { toggle } from '../command/option.ts';
import { table } from '../terminal/table.ts';

/** What a benchmark answers; test/bench/bench-result.ts explains each. */
interface BenchLine {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly peer: { readonly name: string; readonly value: number };
  readonly ratio: number;
}

interface BenchTable {
  readonly benchmarks: Readonly<Record<string, { summary: string; run: () => Promise<BenchLine[]> }>>;
}

export const bench = defineCommand({
  brief: "Runs the project's benchmarks, each beside its peer",
  description:
    'Runs one benchmark, or with `all` each of them; without a name it lists them. Figures are medians.',
  examples: ['bench', 'bench protocol-bytes', 'bench all --json'],
  options: { json: toggle({ brief: 'Print each result as one JSON document' }) },
  argument: { placeholder: 'NAME', brief: 'A benchmark, or `all`', optional: true },
  run: async ({ options, argument, io }) => {
    // Loaded here, so that every other command starts without the benchmarks and their peers.
    const { benchmarks }: BenchTable = await import('../../../test/bench/index.ts');
    if (argument === undefined) {
      list(benchmarks, options.json, io);
      return 0;
    }
    const names = argument === 'all' ? Object.keys(benchmarks) : [argument];
    const results: BenchLine[] = [];
    for (const name of names) {
      const benchmark = benchmarks[name];
      if (!benchmark) {
        const detail = `Known are ${Object.keys(benchmarks).join(', ')} and all.`;
        throw new FieldlineError('CLI_USAGE', { subject: `bench ${name}`, detail });
      }
      io.progress(`${name} …`);
      results.push(...(await benchmark.run()));
      io.progress('');
    }
    for (const result of options.json ? results : []) io.printJson(result);
    if (!options.json) io.print(resultTable(results, io));
    return 0;
  },
});

function list(benchmarks: BenchTable['benchmarks'], json: boolean, io: CommandIo): void {
  const rows = Object.entries(benchmarks).map(([name, { summary }]) => [name, summary]);
  if (json) for (const [name, summary] of rows) io.printJson({ name, summary });
  else io.print(table([{ head: 'benchmark' }, { head: 'measures' }], rows, io.style));
}

function resultTable(results: readonly BenchLine[], io: CommandIo): string {
  const right = { align: 'right' as const };
  const columns = [
    { head: 'benchmark' },
    { head: 'ours', ...right },
    { head: 'peer', ...right },
    { head: 'ratio', ...right },
    { head: 'unit' },
    { head: 'peer is' },
  ];
  const rows = results.map(({ name, ours, peer, ratio, unit }) => [
    name,
    String(ours),
    String(peer.value),
    String(ratio),
    unit,
    peer.name,
  ]);
  return table(columns, rows, io.style);
}
