import type { SinkFailure } from '../sink.ts';
import type { InfluxHttp } from './influx-http.ts';
import { LineBatch } from './line-batch.ts';
import type { RefusedLine } from './refused-line.ts';
import type { WriteReply } from './write-reply.ts';

/** Lines of one request: by InfluxDB's own advice 5,000 to 10,000; each request costs it an fsync. */
export const linesPerRequest = 10_000;

/** Bytes of one request; a line alone may have more. */
const bytesPerRequest = 4 * 1024 * 1024;

/** Requests that wait for their answers while the next one is made. */
const requestsUnderWay = 2;

/** What became of all lines. */
export type LinesOutcome =
  | { readonly kind: 'done'; readonly refused: readonly RefusedLine[] }
  | { readonly kind: 'retryable'; readonly failure: SinkFailure }
  | { readonly kind: 'database-missing'; readonly failure?: SinkFailure };

/**
 * Writes the lines of one write of the runner in requests of thousands: while some wait for their answers, the next one is
 * encoded. Points are named so that none replaces another, so that their order does not matter; the write is done when all
 * requests are.
 *
 * ```
 * for each entry: encode into lines.batch; if (lines.isFull) await lines.send()
 * await lines.finish()
 * ```
 */
export class LineWriter {
  readonly #http: InfluxHttp;
  readonly #free: LineBatch[] = Array.from({ length: requestsUnderWay + 1 }, () => new LineBatch());
  #underWay: Promise<void>[] = [];
  #refused: RefusedLine[] = [];
  #failed: Exclude<LinesOutcome, { kind: 'done' }> | undefined;
  /** Where the next lines go. */
  batch: LineBatch;

  constructor(http: InfluxHttp) {
    this.#http = http;
    this.batch = this.#free.pop() ?? new LineBatch();
  }

  /** Begins a write; what an earlier one left is forgotten. */
  begin(): void {
    this.batch.clear();
    this.#refused = [];
    this.#failed = undefined;
  }

  /** Whether what is in `batch` makes a request. */
  get isFull(): boolean {
    const { lineCount, used } = this.batch;
    return lineCount >= linesPerRequest || used >= bytesPerRequest;
  }

  /** Sends what is in `batch`, as soon as a request may begin; answers whether it is worth going on. */
  async send(): Promise<boolean> {
    await this.#begin();
    return this.#failed === undefined;
  }

  /** Sends the rest, and resolves with what became of all lines when every request is answered. */
  async finish(): Promise<LinesOutcome> {
    if (!this.#failed && this.batch.lineCount > 0) await this.#begin();
    await Promise.all(this.#underWay);
    return this.#failed ?? { kind: 'done', refused: this.#refused.sort((a, b) => a.entry - b.entry) };
  }

  async #begin(): Promise<void> {
    while (this.#free.length === 0) await Promise.race(this.#underWay);
    const batch = this.batch;
    this.batch = this.#free.pop() ?? new LineBatch();
    const sent = this.#write(batch).finally(() => {
      this.#underWay = this.#underWay.filter((other) => other !== sent);
      batch.clear();
      this.#free.push(batch);
    });
    this.#underWay.push(sent);
  }

  /**
   * Where InfluxDB refuses some lines, the request is halved until each bad line stands alone; writing the good ones again
   * changes nothing.
   */
  async #write(batch: LineBatch): Promise<void> {
    const ranges = requestsOf(batch);
    for (let range = ranges.pop(); range && !this.#failed; range = ranges.pop()) {
      const [start, end] = range;
      const reply = await this.#http.write(batch.body(start, end));
      if (reply.kind === 'stored') continue;
      if (reply.kind === 'retryable' || reply.kind === 'database-missing') this.#failed ??= reply;
      else if (end - start > 1) ranges.push(...halves(range));
      else this.#refuse(batch, start, reply);
    }
  }

  #refuse(batch: LineBatch, line: number, { reason }: Extract<WriteReply, { reason: string }>): void {
    this.#refused.push({ entry: batch.entryOf(line), line: batch.lineText(line), reason });
  }
}

type Range = readonly [start: number, end: number];

/** The last one first. */
function requestsOf(batch: LineBatch): Range[] {
  const ranges: Range[] = [];
  for (let start = 0; start < batch.lineCount;) {
    const end = batch.lineBehind(
      start,
      Math.min(start + 2 * linesPerRequest, batch.lineCount),
      bytesPerRequest,
    );
    ranges.unshift([start, end]);
    start = end;
  }
  return ranges;
}

function halves([start, end]: Range): Range[] {
  const middle = Math.floor((start + end) / 2);
  return [
    [middle, end],
    [start, middle],
  ];
}
