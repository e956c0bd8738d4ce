import { createInterface } from 'node:readline';
import { parseReadingLine, type ReadingLine } from '@fieldline/edge';
import type { CommandIo } from '../command/command-io.ts';

/** The readings on standard input, one JSON object a line; lines that are none are told at the end. */
export async function* inputLines(io: CommandIo): AsyncGenerator<ReadingLine> {
  let discarded = 0;
  let reason = '';
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  io.interrupted.addEventListener('abort', () => lines.close());
  for await (const text of lines) {
    if (text.trim() === '') continue;
    const line = parseReadingLine(text);
    if (line.ok) {
      yield line.value;
      continue;
    }
    discarded += 1;
    reason = line.refusal.detail;
  }
  if (discarded > 0) io.remark(`${discarded} lines are no readings; the last one: ${reason}`);
}
