import { createInterface } from 'node:readline/promises';
import { FieldlineError } from '@fieldline/protocol';

/** Asks a person on the terminal; where there is none, or none is wanted, the option is missing. */
export interface Asker {
  readonly ask: (question: string, option: string) => Promise<string>;
  readonly close: () => void;
}

/** An asker at the terminal of this process. `mayAsk` is false with `--yes` and `--json`. */
export function terminalAsker(mayAsk: boolean, signal: AbortSignal): Asker {
  const terminal =
    mayAsk && process.stdin.isTTY
      ? createInterface({ input: process.stdin, output: process.stderr })
      : undefined;
  // While a question is open the terminal hands Ctrl-C to it, not to the process.
  terminal?.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  return {
    async ask(question, option) {
      const answer = (await terminal?.question(`${question}: `, { signal }))?.trim();
      if (answer) return answer;
      throw new FieldlineError('CLI_USAGE', { subject: option, detail: 'It is needed, and was not given.' });
    },
    close: () => terminal?.close(),
  };
}
