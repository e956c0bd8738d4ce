import { FieldlineError, QueryAnswer } from '@fieldline/protocol';
import type { CommandIo } from '../command/command-io.ts';
import { defineCommand } from '../command/define-command.ts';
import { figure, text, toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { table } from '../terminal/table.ts';

const RANGE_US = 3_600_000_000;

export const query = defineCommand({
  brief: 'History of one stream: mean, min, max and quantiles, bucket by bucket',
  examples: [
    'query greenhouse-1/air/temperature',
    'query lab-1/shaft/ch0 --points 12 --json',
    'query rover-1/gnss/speed --from 2026-11-23T10:00:00Z --to 2026-11-23T11:00:00Z',
  ],
  options: {
    ...gatewayOptions,
    from: text({
      brief: 'Start: an ISO 8601 time, or µs since 1970 [an hour before the end]',
      placeholder: 'TIME',
    }),
    to: text({ brief: 'End, exclusive [now]', placeholder: 'TIME' }),
    points: figure({ brief: 'At most so many buckets', least: 1, most: 10_000, whole: true, fallback: 20 }),
    json: toggle({ brief: 'Print the answer of the gateway as one JSON document' }),
  },
  argument: { placeholder: 'STREAM', brief: 'device/sensor/quantity', optional: false },
  run: async ({ options, argument = '', io }) => {
    const toUs = options.to === undefined ? Date.now() * 1000 : timeOf('--to', options.to);
    const fromUs = options.from === undefined ? toUs - RANGE_US : timeOf('--from', options.from);
    const search = new URLSearchParams({
      stream: argument,
      from: String(fromUs),
      to: String(toUs),
      points: String(options.points),
    });
    const answer = await new GatewayClient(options).get(`/api/v1/query?${search.toString()}`, QueryAnswer);
    if (options.json) io.printJson(answer);
    else printAnswer(answer, io);
    return 0;
  },
});

function timeOf(flag: string, given: string): number {
  const timeUs = /^\d+$/.test(given) ? Number(given) : Date.parse(given) * 1000;
  if (Number.isSafeInteger(timeUs)) return timeUs;
  throw new FieldlineError('CLI_USAGE', {
    subject: `${flag} ${given}`,
    detail: 'It is a time such as 2026-11-23T10:00:00Z, or microseconds since 1970.',
  });
}

function printAnswer(answer: QueryAnswer, io: CommandIo): void {
  const number = (value: number | null | undefined) =>
    value == null ? io.style.dim('–') : String(Number(value.toPrecision(6)));
  const rows = answer.t.map((t, index) => [
    new Date(t / 1000).toISOString().replace('T', ' '),
    number(answer.count[index]),
    ...[answer.mean, answer.min, answer.max, answer.p50, answer.p99].map((column) => number(column[index])),
  ]);
  const heads = ['count', 'mean', 'min', 'max', 'p50', 'p99'];
  const columns = [{ head: 'time (UTC)' }, ...heads.map((head) => ({ head, align: 'right' as const }))];
  const grain = answer.windowUs === 0 ? 'single readings' : `buckets of ${answer.windowUs / 1e6} s`;
  io.print(`${io.style.bold(answer.stream)} in ${answer.unit}, ${grain}`);
  io.print(rows.length > 0 ? table(columns, rows, io.style) : io.style.dim('no readings in this time'));
  for (const [from, to, reason] of answer.gaps) {
    io.print(
      io.style.warn(
        `gap: ${new Date(from / 1000).toISOString()} to ${new Date(to / 1000).toISOString()}, ${reason}`,
      ),
    );
  }
}
