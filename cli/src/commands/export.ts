import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { FieldlineError } from '@fieldline/protocol';
import type { CommandIo } from '../command/command-io.ts';
import { defineCommand } from '../command/define-command.ts';
import { choice, text, toggle } from '../command/option.ts';
import { GatewayClient, gatewayOptions } from '../gateway/gateway-client.ts';
import { rangeOptions, readRange } from '../query/time-range.ts';

export const exportCommand = defineCommand({
  brief: 'Writes readings to a file: CSV, NDJSON, Parquet or line protocol',
  description:
    'Writes all readings of a range, and windows as devices sent them, to standard output or to a file. The file has its name only once it is whole.',
  examples: [
    'export "*/air/temperature" --from 2026-11-01T00:00:00Z --output november.csv',
    'export "*" --format parquet --output everything.parquet --from 0',
    'export greenhouse-1/air/temperature --format ndjson | head',
  ],
  options: {
    ...gatewayOptions,
    ...rangeOptions,
    format: choice({
      brief: 'What to write',
      words: ['csv', 'ndjson', 'parquet', 'line'],
      fallback: 'csv',
    }),
    output: text({ brief: 'File to write [standard output]', placeholder: 'FILE' }),
    json: toggle({ brief: 'With --output, print {file, rows, sizeBytes}' }),
  },
  argument: { placeholder: 'STREAM', brief: 'device/sensor/quantity; a part may be *', optional: false },
  run: async ({ options, argument = '', io }) => {
    const { fromUs, toUs } = readRange(options);
    const search = new URLSearchParams({ format: options.format, from: String(fromUs), to: String(toUs) });
    for (const stream of argument.split(',')) search.append('stream', stream.trim());
    const answer = await new GatewayClient(options).open(`/api/v1/export?${search.toString()}`);
    if (options.output === undefined) {
      await writeOut(answer, io);
      return 0;
    }
    const { rows, sizeBytes } = await save(answer, options.output, io);
    if (options.json) io.printJson({ file: options.output, rows, sizeBytes });
    else io.print(`${options.output}: ${rows} rows, ${sizeBytes} bytes`);
    return 0;
  },
});

async function save(
  answer: IncomingMessage,
  file: string,
  io: CommandIo,
): Promise<{ rows: number; sizeBytes: number }> {
  const unfinished = `${file}.part`;
  let sizeBytes = 0;
  answer.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length;
    io.progress(`${Math.round(sizeBytes / 1000)} KB`);
  });
  try {
    await pipeline(answer, createWriteStream(unfinished), { signal: io.interrupted });
    const rows = rowsOf(answer, file);
    await rename(unfinished, file);
    io.progress('');
    return { rows, sizeBytes };
  } catch (cause) {
    await rm(unfinished, { force: true });
    throw broken(cause, file);
  }
}

async function writeOut(answer: IncomingMessage, io: CommandIo): Promise<void> {
  try {
    await pipeline(answer, process.stdout, { signal: io.interrupted, end: false });
    rowsOf(answer, 'standard output');
  } catch (cause) {
    // Whoever reads may have enough: `fieldline export … | head`.
    if (!io.interrupted.aborted) throw broken(cause, 'standard output');
  }
}

/** The rows that the gateway says it sent: only at the end of an export that is whole. */
function rowsOf(answer: IncomingMessage, subject: string): number {
  const rows = Number(answer.trailers['x-row-count'] ?? NaN);
  if (Number.isSafeInteger(rows)) return rows;
  throw new FieldlineError('CLI_EXPORT_INCOMPLETE', { subject });
}

function broken(cause: unknown, subject: string): FieldlineError {
  if (cause instanceof FieldlineError) return cause;
  const detail = cause instanceof Error ? `${cause.message}.` : '';
  return new FieldlineError('CLI_EXPORT_INCOMPLETE', { subject, detail, cause });
}
