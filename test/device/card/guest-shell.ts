import { createConnection, type Socket } from 'node:net';
import { eventually } from '../../services/wait.ts';
import { connectTo } from './connect-to.ts';

/** What a command of the device printed, and its exit code. */
export interface GuestOutcome {
  readonly exitCode: number;
  readonly text: string;
}

/** A device that boots under emulation answers late. */
const answersWithinMs = 240_000;
/** How often a shell that may not be there yet is greeted. */
const greetEveryMs = 3000;

/** The shell of root on a serial port of the device, for what the test wants to know of the system. */
export class GuestShell {
  readonly #isOver: () => boolean;
  #socket: Socket | undefined;
  #heard = '';
  #commands = 0;

  constructor(isOver: () => boolean) {
    this.#isOver = isOver;
  }

  async open(path: string): Promise<void> {
    this.#socket = await connectTo(() => createConnection(path), this.#isOver);
    this.#socket.setEncoding('utf8').on('data', (text: string) => (this.#heard += text));
  }

  /** Waits until the system has come as far as its shell. What the line said before is forgotten. */
  async ready(): Promise<void> {
    let greetedMs = -Infinity;
    await eventually(
      'a shell on the device',
      () => {
        if (this.#isOver() || /^ready-5\s/m.test(this.#heard)) return true;
        if (performance.now() - greetedMs < greetEveryMs) return undefined;
        greetedMs = performance.now();
        // The sum is made by the shell: an echo of the line does not hold it.
        this.#socket?.write('stty -echo -onlcr; PS2=; echo; echo ready-$((2+3))\n');
        return undefined;
      },
      answersWithinMs,
    );
  }

  /** Runs a command line; standard error is part of the text. */
  async run(command: string): Promise<GuestOutcome> {
    const number = ++this.#commands;
    const from = this.#heard.length;
    // The names are put together by the shell: an echo of the line holds neither.
    const begin = `printf 'begin-%s\\n' ${number}`;
    const end = `printf '\\nend-%s %s\\n' ${number} $?`;
    this.#socket?.write(`${begin}; { ${command}\n} 2>&1 </dev/null; ${end}\n`);
    return eventually(
      `an answer to ${command}`,
      () => {
        if (this.#isOver()) return { text: 'the device is off', exitCode: -1 };
        const answer = new RegExp(`begin-${number}\\r?\\n([^]*)\\nend-${number} (\\d+)\\s`);
        const [, text = '', code] = answer.exec(this.#heard.slice(from)) ?? [];
        return code === undefined ? undefined : { text: text.trim(), exitCode: Number(code) };
      },
      answersWithinMs,
    );
  }

  close(): void {
    this.#socket?.destroy();
  }
}
