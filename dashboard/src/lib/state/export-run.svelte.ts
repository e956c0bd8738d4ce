import {
  fetchExport,
  type ExportFormatName,
  type ExportProgress,
  type ExportQuestion,
} from '../export/fetch-export.ts';
import { saveFile } from '../export/save-file.ts';

/** What became of an export. */
export type ExportState =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'running'; readonly format: ExportFormatName } & ExportProgress)
  | { readonly kind: 'saved'; readonly name: string; readonly rows: number; readonly sizeBytes: number }
  | { readonly kind: 'failed'; readonly detail: string; readonly question: ExportQuestion };

/** One export at a time, from the request to the file that is handed to the reader. */
export class ExportRun {
  state = $state.raw<ExportState>({ kind: 'none' });
  #ending: AbortController | undefined;

  /** Exports, and hands out the file; what ran before is given up. */
  async start(question: ExportQuestion): Promise<void> {
    this.cancel();
    const ending = new AbortController();
    this.#ending = ending;
    const { format, span } = question;
    this.state = { kind: 'running', format, rows: undefined, sizeBytes: 0 };
    const answer = await fetchExport(question, {
      signal: ending.signal,
      onProgress: (progress) => {
        if (!ending.signal.aborted) this.state = { kind: 'running', format, ...progress };
      },
    });
    if (ending.signal.aborted) return;
    if (!answer.ok) {
      this.state = { kind: 'failed', detail: answer.detail, question };
      return;
    }
    const { file, rows } = answer.value;
    const name = fileName(span.toUs, format);
    saveFile(file, name);
    this.state = { kind: 'saved', name, rows, sizeBytes: file.size };
  }

  /** Ends what runs; nothing is handed out. */
  cancel(): void {
    this.#ending?.abort();
    this.state = { kind: 'none' };
  }
}

/** `fieldline-2026-11-23T140322.000Z.csv`: the end of what it holds, without what file systems refuse. */
export function fileName(toUs: number, extension: string): string {
  return `fieldline-${new Date(toUs / 1000).toISOString().replaceAll(':', '')}.${extension}`;
}
