import { FieldlineError, type StreamInfo } from '@fieldline/protocol';
import { queryLimits, type PageAnswer, type Store } from '../store.ts';

/** One page of one stream. */
export interface ExportPage extends PageAnswer {
  readonly stream: StreamInfo;
}

/** What an export covers. */
export interface ExportRange {
  readonly streams: readonly StreamInfo[];
  readonly fromUs: number;
  readonly toUs: number;
}

/**
 * Reads streams one after another, page by page: never more than one page in memory, read when the last one was taken.
 * Throws the store's refusal; streams that it does not know (received, and not stored yet) are passed over.
 */
export async function* exportPages(
  store: Pick<Store, 'page'>,
  { streams, fromUs, toUs }: ExportRange,
): AsyncGenerator<ExportPage> {
  for (const stream of streams) {
    for (let nextUs: number | null = fromUs; nextUs !== null;) {
      const page = await store.page({ stream, fromUs: nextUs, toUs, rows: queryLimits.pageRowsMax });
      if (!page.ok && page.refusal.code === 'QUERY_UNKNOWN_STREAM') break;
      if (!page.ok)
        throw new FieldlineError(page.refusal.code, { subject: stream.stream, detail: page.refusal.detail });
      yield { ...page.value, stream };
      nextUs = page.value.nextUs;
    }
  }
}

/** How many rows a page has: readings and windows. */
export function rowsOf({ readings, windows }: PageAnswer): number {
  return readings.t.length + windows.start.length;
}
