import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What the process of the viewers is told. */
export type ViewersOrder =
  | {
      readonly kind: 'open';
      readonly url: string;
      readonly viewers: number;
      readonly protocols: readonly string[];
      /** Frames come as binary messages; else as text. */
      readonly isBinary: boolean;
      /** Frames after which it reports, again and again. */
      readonly expected: number;
    }
  | { readonly kind: 'close' };

/** What it answers. */
export type ViewersReport =
  { readonly kind: 'opened' } | { readonly kind: 'received'; readonly messages: number };

/** Viewers in a process of their own, so that their work is not counted as the server's. */
export class Viewers {
  readonly #process: ChildProcess;
  #received = 0;
  #arrived = Promise.withResolvers<undefined>();

  private constructor(process: ChildProcess) {
    this.#process = process;
    process.on('message', (report: ViewersReport) => {
      if (report.kind === 'received') this.#received = report.messages;
      this.#arrived.resolve(undefined);
      this.#arrived = Promise.withResolvers();
    });
  }

  /** Starts the process; no socket is open yet. */
  static start(): Viewers {
    return new Viewers(fork(join(import.meta.dirname, 'viewers-process.ts'), { stdio: 'inherit' }));
  }

  /** Opens the sockets; resolves when all are. */
  async open(order: Omit<Extract<ViewersOrder, { kind: 'open' }>, 'kind'>): Promise<void> {
    this.#received = 0;
    this.#process.send({ kind: 'open', ...order } satisfies ViewersOrder);
    await this.#arrived.promise;
  }

  /** Resolves when so many messages have come in all. */
  async received(messages: number): Promise<void> {
    while (this.#received < messages) await this.#arrived.promise;
  }

  closeSockets(): void {
    this.#process.send({ kind: 'close' } satisfies ViewersOrder);
  }

  async end(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill();
    await exited;
  }
}
