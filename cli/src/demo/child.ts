import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { FieldlineError } from '@fieldline/protocol';

/** What the demo says of a process that it keeps alive. */
export interface ChildOptions {
  /** How people know it: `gateway`, `agent greenhouse-1`. */
  readonly name: string;
  /** Words behind `fieldline`; asked for at every start, since a gateway keeps the ports it found first. */
  readonly words: () => readonly string[];
  readonly logFile: string;
  /** Called when it had died and has been started again. */
  readonly onRestart: (child: Child, howItDied: string) => void;
}

const launcher = fileURLToPath(new URL('../../bin/fieldline.js', import.meta.url));
const RESTART_AFTER_MS = 300;
/** A process that dies so often is not restarted any more. */
const RESTARTS_MAX = 20;
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 15_000;
const LOG_TAIL_CHARACTERS = 2000;

/**
 * A `fieldline` process that the demo keeps alive: started anew whenever it dies by itself. It has a session of
 * its own, so that Ctrl-C reaches the demo alone, and a channel, so that it ends when the demo is gone.
 */
export class Child {
  readonly #options: ChildOptions;
  #process: ChildProcess | undefined;
  #isStopping = false;
  #restarts = 0;
  #listeners: ((document: Record<string, unknown>) => void)[] = [];

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  /** A stop may have been asked for while something else was waited for. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Starts it; resolves with the content of its `ready` line. Throws CLI_DEMO_FAILED with the end of its log. */
  async start(): Promise<Record<string, unknown>> {
    const log = openSync(this.#options.logFile, 'a');
    const process_ = spawn(process.execPath, [launcher, ...this.#options.words(), '--json'], {
      stdio: ['pipe', 'pipe', log, 'ipc'],
      detached: true,
    });
    closeSync(log);
    this.#process = process_;
    process_.stdin?.on('error', ignoreBrokenPipe);
    const ready = this.#waitFor('ready', START_DEADLINE_MS);
    if (process_.stdout) createInterface({ input: process_.stdout }).on('line', (line) => this.#hear(line));
    const died = new Promise<string>((resolve) => {
      process_.once('error', (error) => resolve(error.message));
      process_.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    const outcome = await Promise.race([ready, died]);
    if (typeof outcome === 'string' || outcome === undefined)
      throw this.#failure(outcome ?? 'it is not ready');
    void died.then((how) => this.#revive(how));
    const content = outcome['ready'];
    return typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : {};
  }

  /** Gives an order to a virtual sensor; resolves with its answer, or with undefined when it gives none in time. */
  order(order: string, deadlineMs: number): Promise<Record<string, unknown> | undefined> {
    const answer = this.#waitFor('done', deadlineMs);
    this.#process?.stdin?.write(`${order}\n`);
    return answer;
  }

  /** Ends it in order, and after 15 s by force. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const process_ = this.#process;
    if (process_?.exitCode !== null || process_.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => process_.once('exit', () => resolve()));
    process_.kill('SIGTERM');
    const force = setTimeout(() => process_.kill('SIGKILL'), STOP_DEADLINE_MS);
    await gone;
    clearTimeout(force);
  }

  async #revive(how: string): Promise<void> {
    const before = this.pid;
    while (!this.#isStopping && this.#restarts < RESTARTS_MAX) {
      this.#restarts += 1;
      await new Promise((resolve) => setTimeout(resolve, RESTART_AFTER_MS));
      if (this.isStopping) return;
      try {
        await this.start();
        this.#options.onRestart(this, `pid ${before} died (${how})`);
        return;
      } catch {
        // The next round tries again; the log of the child says why it failed.
      }
    }
  }

  #hear(line: string): void {
    let document: unknown;
    try {
      document = JSON.parse(line);
    } catch {
      return;
    }
    if (typeof document !== 'object' || document === null) return;
    for (const listener of [...this.#listeners]) listener(document as Record<string, unknown>);
  }

  #waitFor(key: string, deadlineMs: number): Promise<Record<string, unknown> | undefined> {
    return new Promise((resolve) => {
      const finish = (document: Record<string, unknown> | undefined) => {
        clearTimeout(timer);
        this.#listeners = this.#listeners.filter((each) => each !== listener);
        resolve(document);
      };
      const listener = (document: Record<string, unknown>) => {
        if (key in document) finish(document);
      };
      const timer = setTimeout(() => finish(undefined), deadlineMs);
      this.#listeners.push(listener);
    });
  }

  #failure(how: string): FieldlineError {
    const tail = readFileSync(this.#options.logFile, 'utf8').slice(-LOG_TAIL_CHARACTERS).trim();
    return new FieldlineError('CLI_DEMO_FAILED', {
      subject: this.#options.name,
      detail: `(${how})\n${tail}\n`,
    });
  }
}

/** The process that read the orders has gone; its exit tells the rest. */
const ignoreBrokenPipe = (): void => undefined;
