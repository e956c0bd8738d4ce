import type { QueryAnswer, QueryRawAnswer } from '@fieldline/protocol';
import type { CommandIo } from '../command/command-io.ts';
import { table } from '../terminal/table.ts';

const qualities = ['good', 'uncertain', 'bad'];

/** Prints one series as a table, its gaps behind it. */
export function printSeries(answer: QueryAnswer, io: CommandIo): void {
  const number = (value: number | null | undefined) =>
    value == null ? io.style.dim('–') : String(Number(value.toPrecision(6)));
  const figures = [answer.mean, answer.min, answer.max, answer.p50, answer.p99, answer.stddev ?? []];
  const rows = answer.t.map((t, index) => [
    time(t),
    number(answer.count[index]),
    ...figures.map((column) => number(column[index])),
  ]);
  const heads = ['count', 'mean', 'min', 'max', 'p50', 'p99', 'stddev'];
  const columns = [{ head: 'time (UTC)' }, ...heads.map((head) => ({ head, align: 'right' as const }))];
  io.print(`${io.style.bold(answer.stream)} in ${answer.unit}, ${grain(answer)}`);
  io.print(rows.length > 0 ? table(columns, rows, io.style) : io.style.dim('no readings in this time'));
  if (answer.histogram) printHistogram(answer, io);
  for (const [from, to, reason] of answer.gaps) {
    const [start, end] = [from, to].map((us) => new Date(us / 1000).toISOString());
    io.print(io.style.warn(`gap: ${start} to ${end}, ${reason}`));
  }
}

/** The readings of each bucket by bins. */
function printHistogram({ t, histogram }: QueryAnswer, io: CommandIo): void {
  const { edges = [], counts = [] } = histogram ?? {};
  const [first = 0, last = 0] = [edges[0], edges.at(-1)];
  const between = edges.slice(1).map((edge, index) => `${edges[index] ?? 0} to ${edge}`);
  const bins = [`below ${first}`, ...between, `from ${last}`];
  const rows = t.map((at, index) => [
    time(at),
    ...bins.map((_, bin) => counts[index]?.[bin]?.toString() ?? io.style.dim('–')),
  ]);
  const columns = [{ head: 'readings' }, ...bins.map((head) => ({ head, align: 'right' as const }))];
  if (rows.length > 0) io.print(table(columns, rows, io.style));
}

/** Prints readings as a table. */
export function printReadings(answer: QueryRawAnswer, io: CommandIo): void {
  const rows = answer.t.map((t, index) => [
    time(t),
    String(answer.v[index]),
    qualities[answer.quality[index] ?? 0] ?? '',
  ]);
  const columns = [{ head: 'time (UTC)' }, { head: 'value', align: 'right' as const }, { head: 'quality' }];
  io.print(`${io.style.bold(answer.stream)} in ${answer.unit}, single readings`);
  io.print(rows.length > 0 ? table(columns, rows, io.style) : io.style.dim('no readings in this time'));
  if (answer.nextT !== null) io.print(io.style.dim(`more from ${answer.nextT} on`));
}

function grain({ windowUs, resolutionUs = 0 }: QueryAnswer): string {
  if (windowUs === 0) return 'single readings';
  const from = resolutionUs === 0 ? 'readings' : `windows of ${resolutionUs / 1e6} s`;
  return `buckets of ${windowUs / 1e6} s from ${from}`;
}

function time(us: number): string {
  return new Date(us / 1000).toISOString().replace('T', ' ');
}
