import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LedgerAnswer, LedgerRow } from '@fieldline/protocol';

const launcher = fileURLToPath(new URL('../../cli/bin/fieldline.js', import.meta.url));

/** The first line of `fieldline demo --json`. */
export interface DemoReady {
  readonly dashboard: string;
  readonly mqtt: string;
  readonly home: string;
  readonly pids: { readonly gateway: number; readonly agents: number[]; readonly simulators: number[] };
}

/** The last line of `fieldline demo --duration … --json`. */
export interface DemoSummary {
  readonly ledger: LedgerRow;
  readonly latencyMs: {
    readonly sensorToStore: { readonly p50: number; readonly p99: number };
    readonly sensorToSocket: { readonly p50: number; readonly p99: number };
  };
  readonly devices: number;
  readonly streams: number;
}

export interface RunningDemo {
  readonly ready: DemoReady;
  /** Resolves when the demo has ended by itself. */
  readonly ended: Promise<{ exitCode: number | null; summary: DemoSummary | undefined }>;
  ledger(): Promise<LedgerAnswer>;
  /** Interrupts the demo as Ctrl-C does and waits for its end. */
  interrupt(): Promise<void>;
}

interface DemoStart {
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** The command and its first arguments; the launcher by default. */
  readonly command?: readonly string[];
}

/** Starts `fieldline demo --json` on free ports, as a user would, and waits for its ready line. */
export async function startDemo({ args, env, command }: DemoStart): Promise<RunningDemo> {
  const [program, ...leading] = command ?? ['node', launcher, 'demo'];
  if (program === undefined) throw new Error('startDemo: an empty command');
  const child = spawn(program, [...leading, '--json', '--http-port', '0', '--mqtt-port', '0', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, so that `interrupt` reaches npm, its shell and the demo as Ctrl-C does.
    detached: true,
  });
  const stderr: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
  const documents: unknown[] = [];
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  const ready = await new Promise<DemoReady>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      const document: unknown = JSON.parse(line);
      documents.push(document);
      if (isReadyLine(document)) resolve(document.ready);
    });
    void exit.then((code) => {
      reject(new Error(`the demo ended with ${code} before it was ready:\n${stderr.join('')}`));
    });
  });
  return {
    ready,
    ended: exit.then((exitCode) => ({ exitCode, summary: documents.find(isSummary) })),
    ledger: () => fetchLedger(ready.dashboard),
    interrupt: () => interrupt(child, exit),
  };
}

function isReadyLine(document: unknown): document is { ready: DemoReady } {
  return typeof document === 'object' && document !== null && 'ready' in document;
}

function isSummary(document: unknown): document is DemoSummary {
  return typeof document === 'object' && document !== null && 'ledger' in document;
}

async function interrupt(child: ChildProcess, exit: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
    process.kill(-child.pid, 'SIGINT');
  await exit;
}

/** `GET /api/v1/ledger` of the gateway at `dashboard`. */
export async function fetchLedger(dashboard: string): Promise<LedgerAnswer> {
  const response = await fetch(new URL('/api/v1/ledger', dashboard));
  if (!response.ok) throw new Error(`ledger: HTTP ${response.status} ${await response.text()}`);
  return (await response.json()) as LedgerAnswer;
}
