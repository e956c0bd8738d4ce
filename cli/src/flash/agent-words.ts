import { isMapping } from './agent-files.ts';

/** Lines of an agent that an error repeats, and the characters of each. */
const linesMax = 3;
const lineCharsMax = 300;

/** Level of pino from which a line says that something is wrong. */
const warnLevel = 40;

/**
 * What of the last lines of an agent's log tells why it does not deliver, newest last: its warnings and errors, and
 * what is no line of its logger (a program that ends says why). Empty where there is nothing of the kind.
 */
export function agentWords(lines: readonly string[]): string {
  const said = lines.map(faultIn).filter((line) => line !== undefined);
  return [...new Set(said)]
    .slice(-linesMax)
    .map((line) => (line.length > lineCharsMax ? `${line.slice(0, lineCharsMax)}…` : line))
    .join(' / ');
}

function faultIn(line: string): string | undefined {
  // Warnings of Node.js itself are nobody's concern here.
  if (/^\(node:\d+\)|^\(Use `node /.test(line)) return undefined;
  const entry = entryOf(line);
  if (entry === undefined) return line.trim() === '' ? undefined : line.trim();
  const { level, msg } = entry;
  return typeof level === 'number' && level >= warnLevel && typeof msg === 'string' ? msg : undefined;
}

function entryOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return isMapping(entry) ? entry : undefined;
  } catch {
    return undefined;
  }
}
