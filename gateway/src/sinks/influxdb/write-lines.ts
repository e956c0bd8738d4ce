import { Buffer } from 'node:buffer';
import type { RefusedPart, SinkFailure } from '../sink.ts';
import type { InfluxHttp } from './influx-http.ts';
import { countsOfLine, type LineBatch } from './line-batch.ts';

/** Lines of one request: thousands, by InfluxDB's own advice (5,000 to 10,000). */
export const linesPerRequest = 5000;

/** What became of all lines. */
export type LinesOutcome =
  | { readonly kind: 'done'; readonly refused: readonly RefusedLine[] }
  | { readonly kind: 'retryable'; readonly failure: SinkFailure }
  | { readonly kind: 'database-missing'; readonly failure?: SinkFailure };

/** One line that InfluxDB refuses for good, with its reason. */
export interface RefusedLine {
  /** Place of its entry in the write. */
  readonly entry: number;
  readonly line: string;
  readonly reason: string;
}

/**
 * Writes the lines in requests of thousands. Where InfluxDB refuses some, the request is halved until each bad
 * line stands alone; writing the good ones again changes nothing.
 */
export async function writeLines(http: InfluxHttp, batch: LineBatch): Promise<LinesOutcome> {
  const refused: RefusedLine[] = [];
  const ranges: [number, number][] = [];
  for (let start = 0; start < batch.lines.length; start += linesPerRequest) {
    ranges.unshift([start, Math.min(start + linesPerRequest, batch.lines.length)]);
  }
  for (let range = ranges.pop(); range; range = ranges.pop()) {
    const [start, end] = range;
    const reply = await http.write(batch.lines.slice(start, end));
    if (reply.kind === 'retryable' || reply.kind === 'database-missing') return reply;
    if (reply.kind === 'stored') continue;
    if (end - start > 1) {
      const middle = Math.floor((start + end) / 2);
      ranges.push([middle, end], [start, middle]);
    } else {
      refused.push({ entry: batch.entries[start]!, line: batch.lines[start]!, reason: reply.reason });
    }
  }
  return { kind: 'done', refused };
}

/** A refused line as the runner wants it. */
export function refusedPart(
  { line, reason }: RefusedLine,
  entry: { readonly offset: number; readonly batch: { readonly device: string } },
): RefusedPart {
  return {
    offset: entry.offset,
    device: entry.batch.device,
    code: 'INFLUX_REJECTED_POINT',
    detail: reason,
    counts: countsOfLine(line, reason),
    payload: Buffer.from(line),
  };
}
