import type { BatchLog, JournaledBatch } from './batch-log.ts';

/** What a reader uses of the log. */
type ReadableLog = Pick<BatchLog, 'read' | 'waitFor' | 'setCursor' | 'cursor' | 'firstOffset' | 'nextOffset'>;

/** The log as one reader of many sees it, with the place that it has come to. */
export class LogReader {
  readonly #log: ReadableLog;
  readonly #moved: () => void;
  /** It has read everything below this. */
  position = 0;

  constructor(log: ReadableLog, moved: () => void) {
    this.#log = log;
    this.#moved = moved;
  }

  read(
    offset: number,
    limit: { readonly maxBytes: number; readonly maxRecords?: number },
  ): Promise<JournaledBatch[]> {
    this.position = offset;
    this.#moved();
    return this.#log.read(offset, limit);
  }

  waitFor(offset: number, signal?: AbortSignal): Promise<boolean> {
    return this.#log.waitFor(offset, signal);
  }

  setCursor(name: string, offset: number): Promise<void> {
    return this.#log.setCursor(name, offset);
  }

  cursor(name: string): number | undefined {
    return this.#log.cursor(name);
  }

  get firstOffset(): number {
    return this.#log.firstOffset;
  }

  get nextOffset(): number {
    return this.#log.nextOffset;
  }
}
