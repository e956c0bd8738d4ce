import { FieldlineError } from '@fieldline/protocol';
import type { InfluxHttp } from '../influx-http.ts';
import type { RefusedLine } from '../refused-line.ts';
import { LineWriter, type LinesOutcome } from '../write-lines.ts';

/** Characters of a refused line that people are shown: its measurement and tags. */
const shownChars = 200;

/**
 * Writes lines again, in requests that InfluxDB takes: what is too large is halved down to one line. Answers the first line that it
 * refuses, behind which nothing is written any more; undefined where all are stored. Rejects with a FieldlineError where InfluxDB
 * does not answer now. `lines`: line protocol, each line ended by a line break.
 */
export async function writeBack(http: InfluxHttp, lines: string): Promise<RefusedLine | undefined> {
  const writer = new LineWriter(http);
  for (let from = 0; from < lines.length;) {
    writer.begin();
    while (from < lines.length && !writer.isFull) {
      const end = lineEnd(lines, from);
      writer.batch.add(lines.slice(from, end), 0);
      from = end + 1;
    }
    const outcome = await writer.finish();
    if (outcome.kind !== 'done') throw failed(http.subject, outcome);
    if (outcome.refused[0]) return outcome.refused[0];
  }
  return undefined;
}

/** Where the line that begins at `from` ends: strings may hold line breaks, names none. */
function lineEnd(lines: string, from: number): number {
  let at = from;
  while (at < lines.length && lines[at] !== ' ') at += lines[at] === '\\' ? 2 : 1;
  let isQuoted = false;
  while (at < lines.length && (isQuoted || lines[at] !== '\n')) {
    if (lines[at] === '"') isQuoted = !isQuoted;
    at += isQuoted && lines[at] === '\\' ? 2 : 1;
  }
  return at;
}

/** What was refused, and why, for people. */
export function refusalOf({ line, reason }: RefusedLine): string {
  return `“${line.slice(0, shownChars)}”: ${reason === '' ? 'larger than it takes' : reason}`;
}

function failed(subject: string, outcome: Exclude<LinesOutcome, { kind: 'done' }>): FieldlineError {
  const { code = 'INFLUX_DATABASE_MISSING', detail = 'The database is missing.' } = outcome.failure ?? {};
  return new FieldlineError(code, { subject, detail });
}
