import { FieldlineError } from '@fieldline/protocol';
import { Type } from 'typebox';
import type { GatewayParts } from '../parts.ts';
import type { ExportFormat } from '../query/export/export-format.ts';
import { exportPages, rowsOf, type ExportPage, type ExportRange } from '../query/export/export-pages.ts';
import { parquetFormat } from '../query/export/parquet-format.ts';
import { csvFormat, lineFormat, ndjsonFormat } from '../query/export/text-formats.ts';
import { isStreamSelector, selectStreams } from '../query/select-streams.ts';
import { queryLimits } from '../query/store.ts';
import { rangeParameters, readRange, streamParameter } from './query-range.ts';
import { defineRoute, problem, type ApiReply, type ApiRoute } from './route.ts';

/** Exports that run at a time: each holds a page in memory and keeps a thread of the store busy. */
const exportsMax = 2;

const formats = ['csv', 'ndjson', 'parquet', 'line'] as const;

/** In the order of `formats`. */
const exportTypes = ['text/csv', 'application/x-ndjson', 'application/vnd.apache.parquet', 'text/plain'];

const ExportParameters = Type.Object(
  {
    stream: streamParameter,
    ...rangeParameters,
    format: Type.Union(
      formats.map((name) => Type.Literal(name)),
      { description: 'csv, ndjson (one JSON document a line), Apache Parquet, or InfluxDB line protocol' },
    ),
  },
  { additionalProperties: false },
);

/** Readings as a file, streamed as they are read. */
export function exportRoutes(parts: GatewayParts): ApiRoute[] {
  const slots = { taken: 0 };
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/export',
      summary:
        'Readings, and windows as devices sent them, as a file: streamed while they are read; the trailer x-row-count tells how many rows there were, and is missing where the export broke off.',
      access: 'viewer',
      query: ExportParameters,
      answer: { status: 200, description: 'The file.', text: exportTypes },
      problems: [404, 422, 429],
      handle: ({ query }) => {
        const range = readRange(query, parts.clock.nowUs());
        if ('kind' in range) return range;
        const streams = selectStreams(parts.sinks.streams.list(), query.stream.filter(isStreamSelector));
        if (streams.length === 0) return problem(404, 'QUERY_UNKNOWN_STREAM', query.stream.join(', '));
        if (streams.length > queryLimits.streamsMax) {
          const detail = `${streams.length} streams are selected, more than ${queryLimits.streamsMax}.`;
          return problem(422, 'QUERY_TOO_LARGE', detail);
        }
        if (slots.taken >= exportsMax) return problem(429, 'QUERY_EXPORTS_BUSY', `${exportsMax} run.`);
        return startExport(parts, { ...range, streams }, query.format, slots);
      },
    }),
  ];
}

function startExport(
  parts: GatewayParts,
  range: ExportRange,
  name: (typeof formats)[number],
  slots: { taken: number },
): ApiReply {
  const format = formatOf(parts, name);
  const counted = { rows: 0 };
  slots.taken += 1;
  let isHeld = true;
  return {
    kind: 'stream',
    contentType: format.contentType,
    filename: `fieldline.${format.extension}`,
    body: writtenPages(format, exportPages(parts.sinks.store, range), counted),
    trailer: { name: 'x-row-count', value: () => String(counted.rows) },
    ended: () => {
      if (isHeld) slots.taken -= 1;
      isHeld = false;
    },
  };
}

async function* writtenPages(
  format: ExportFormat,
  pages: AsyncIterable<ExportPage>,
  counted: { rows: number },
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(format.begin());
  for await (const page of pages) {
    yield Buffer.from(format.page(page));
    counted.rows += rowsOf(page);
  }
  yield Buffer.from(format.end());
}

function formatOf({ devices }: GatewayParts, name: (typeof formats)[number]): ExportFormat {
  if (name === 'csv') return csvFormat();
  if (name === 'ndjson') return ndjsonFormat();
  if (name === 'parquet') return parquetFormat();
  return lineFormat(
    (device) => devices.get(device)?.tags ?? {},
    (detail) => new FieldlineError('POINT_NOT_ENCODABLE', { subject: 'export', detail }),
  );
}
