import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../services/wait.ts';

const launcher = fileURLToPath(new URL('../../../cli/bin/fieldline.js', import.meta.url));

/** A line that an agent or a gateway logged about something bad. */
export interface LogLine {
  readonly code: string;
  readonly msg: string;
}

/** `fieldline agent|gateway … --json` as a process of its own, once it has said that it is ready. */
export interface RunningProcess<Ready> {
  readonly ready: Ready;
  /** Everything on standard error so far, a line an entry. */
  readonly stderr: readonly string[];
  /** Waits for the log line with this code whose message holds `about`; throws where it was told twice. */
  told(code: string, about: string): Promise<LogLine>;
  /** Sends the signal and waits for the end; answers the exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts the command as a user would, and waits for its ready line. */
export async function startProcess<Ready>(
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<RunningProcess<Ready>> {
  const child = spawn('node', [launcher, ...words, '--json'], {
    env: { ...process.env, FIELDLINE_INFLUX_URL: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stderr: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => stderr.push(line));
  const output = createInterface({ input: child.stdout });
  const first = await Promise.race([once(output, 'line'), once(child, 'exit')]);
  if (typeof first[0] !== 'string') throw new Error(`${words.join(' ')} ended:\n${stderr.join('\n')}`);
  const { ready } = JSON.parse(first[0]) as { ready: Ready };
  return {
    ready,
    stderr,
    told: (code, about) => told(stderr, code, about),
    end: (signal = 'SIGTERM') => endProcess(child, signal),
  };
}

async function told(stderr: readonly string[], code: string, about: string): Promise<LogLine> {
  const find = (): LogLine[] =>
    logLines(stderr).filter((each) => each.code === code && each.msg.includes(about));
  await eventually(`${code} about ${about}`, () => find()[0], 15_000).catch((cause: unknown) => {
    throw new Error(`no ${code} about ${about} in:\n${stderr.join('\n')}`, { cause });
  });
  const lines = find();
  const [line] = lines;
  if (line === undefined || lines.length > 1) throw new Error(`told ${lines.length} times: ${code} ${about}`);
  return line;
}

function logLines(stderr: readonly string[]): LogLine[] {
  return stderr.flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []));
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
  return child.exitCode;
}
