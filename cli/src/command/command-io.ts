import { style, type Style } from '../terminal/style.ts';

/** Where a command speaks, and how it learns that it shall end. */
export interface CommandIo {
  /** Results: standard output, one line. */
  readonly print: (line: string) => void;
  /** One JSON document on a line. */
  readonly printJson: (document: unknown) => void;
  /** Remarks beside the result: standard error. */
  readonly remark: (line: string) => void;
  /** A passing state, overwritten by the next; only where standard error is a terminal. */
  readonly progress: (state: string) => void;
  readonly style: Style;
  /** Aborts at SIGINT, SIGTERM, or when the process that started this one as a part of it is gone. */
  readonly interrupted: AbortSignal;
  exitCode: number;
}

/** Whether the end came from Ctrl-C; a SIGTERM is an orderly stop. */
export interface ProcessIo extends CommandIo {
  readonly wasInterrupted: () => boolean;
}

const CLEAR_LINE = '\r\u001b[2K';
/** A terminal sends Ctrl-C to the launcher too, which hands it on: the second of a pair means nothing. */
const SAME_SIGNAL_MS = 500;

/** The process's own streams and signals. A second Ctrl-C ends the process at once. */
export function processIo(): ProcessIo {
  const controller = new AbortController();
  let interruptedAtMs: number | undefined;
  process.on('SIGINT', () => {
    if (interruptedAtMs !== undefined && performance.now() - interruptedAtMs > SAME_SIGNAL_MS)
      process.exit(130);
    interruptedAtMs ??= performance.now();
    controller.abort();
  });
  process.on('SIGTERM', () => controller.abort());
  process.on('disconnect', () => controller.abort());
  // The reader of a pipe may leave first (`fieldline tap | head`): that ends the command, it is no error.
  process.stdout.on('error', () => controller.abort());
  const hasTerminal = process.stderr.isTTY;
  return {
    print: (line) => process.stdout.write(`${line}\n`),
    printJson: (document) => process.stdout.write(`${JSON.stringify(document)}\n`),
    remark: (line) => process.stderr.write(`${hasTerminal ? CLEAR_LINE : ''}${line}\n`),
    progress: (state) => {
      if (hasTerminal) process.stderr.write(`${CLEAR_LINE}${state}`);
    },
    style: style(process.stdout.isTTY && !process.env['NO_COLOR']),
    interrupted: controller.signal,
    exitCode: 0,
    wasInterrupted: () => interruptedAtMs !== undefined,
  };
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
