import { problemOf, type Answer } from '../api/gateway-client.ts';
import type { TimeSpan } from '../series/time-span.ts';
import { texts } from '../texts/en.ts';
import { RowCounter } from './row-counter.ts';

/** What the gateway writes. */
export const exportFormats = ['csv', 'ndjson', 'parquet'] as const;
/** One of them. */
export type ExportFormatName = (typeof exportFormats)[number];

/** The largest file that a page collects, in bytes: the browser keeps it until it is handed out. */
export const exportBytesMax = 2 * 1024 ** 3;

/** What is to be exported. */
export interface ExportQuestion {
  readonly streams: readonly string[];
  readonly span: TimeSpan;
  readonly format: ExportFormatName;
}

/** How far an export is; `rows` is undefined while a format does not tell. */
export interface ExportProgress {
  readonly rows: number | undefined;
  readonly sizeBytes: number;
}

/** A whole file, and how many rows are in it. */
export interface ExportedFile {
  readonly file: Blob;
  readonly rows: number;
}

/**
 * Fetches an export while the gateway writes it. An export that broke off is no file: it fails. `signal` ends it,
 * which throws nothing and is a failure too.
 */
export async function fetchExport(
  question: ExportQuestion,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (progress: ExportProgress) => void },
): Promise<Answer<ExportedFile>> {
  try {
    const response = await fetch(exportPath(question), { signal });
    if (!response.ok || !response.body) return await problemOf(response);
    const { format } = question;
    const counter = format === 'parquet' ? undefined : new RowCounter(format);
    let sizeBytes = 0;
    const watched = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        sizeBytes += chunk.byteLength;
        if (sizeBytes > exportBytesMax) throw new Error(texts.explore.exportTooLarge);
        counter?.take(chunk);
        onProgress({ rows: counter?.rows, sizeBytes });
        controller.enqueue(chunk);
      },
    });
    const file = await new Response(response.body.pipeThrough(watched)).blob();
    return { ok: true, value: { file, rows: counter?.rows ?? (await parquetRows(file)) } };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

function exportPath({ streams, span, format }: ExportQuestion): string {
  const query = new URLSearchParams(streams.map((stream) => ['stream', stream]));
  query.set('from', String(Math.floor(span.fromUs)));
  query.set('to', String(Math.ceil(span.toUs)));
  query.set('format', format);
  return `/api/v1/export?${query}`;
}

/** Rows of a Parquet file by its footer, which is all that is read of it. */
async function parquetRows(file: Blob): Promise<number> {
  const { parquetMetadataAsync } = await import('hyparquet');
  const metadata = await parquetMetadataAsync({
    byteLength: file.size,
    slice: (start, end) => file.slice(start, end).arrayBuffer(),
  });
  return Number(metadata.num_rows);
}
