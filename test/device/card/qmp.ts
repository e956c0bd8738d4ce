import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { connectTo } from './connect-to.ts';

interface Answer {
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
  readonly id?: number;
}

/** The control channel of an emulator (QEMU Machine Protocol): JSON, one document a line. */
export class Qmp {
  readonly #isOver: () => boolean;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #socket: Socket | undefined;
  #commands = 0;

  constructor(isOver: () => boolean) {
    this.#isOver = isOver;
  }

  /** Connects, as soon as the emulator listens; throws where it ends before. */
  async open(path: string): Promise<void> {
    this.#socket = await connectTo(() => createConnection(path), this.#isOver);
    createInterface({ input: this.#socket }).on('line', (line) => {
      const answer = JSON.parse(line) as Answer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
    await this.run('qmp_capabilities');
  }

  /** Runs a command; rejects with what the emulator says where it cannot. */
  async run(execute: string, given: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = ++this.#commands;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#socket?.write(`${JSON.stringify({ execute, arguments: given, id })}\n`);
    const { error, return: value } = await answered;
    this.#waiting.delete(id);
    if (error) throw new Error(`${execute}: ${error.desc}`);
    return value;
  }

  close(): void {
    this.#socket?.destroy();
  }
}
