import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endProcess } from '../../services/end-process.ts';
import type { LoadMessage, LoadOrder, LoadReport } from './load-orders.ts';

const script = fileURLToPath(new URL('load-process.ts', import.meta.url));

/** A load process whose connections are open and whose messages are made: `run` only sends. */
export class Load {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async prepare(order: LoadOrder): Promise<Load> {
    const child = fork(script, { execPath: process.execPath, execArgv: ['--max-old-space-size=8192'] });
    child.send({ type: 'order', order } satisfies LoadMessage);
    await answer(child, 'ready');
    return new Load(child);
  }

  async run(): Promise<LoadReport> {
    this.#child.send({ type: 'go' } satisfies LoadMessage);
    const message = await answer(this.#child, 'report');
    if (message.type !== 'report') throw new Error(`the load process said ${message.type}`);
    return message.report;
  }

  async end(): Promise<void> {
    await endProcess(this.#child);
  }
}

async function answer(child: ChildProcess, type: LoadMessage['type']): Promise<LoadMessage> {
  const ended = once(child, 'exit').then(([code]: unknown[]) => {
    throw new Error(`the load process ended with ${String(code)}`);
  });
  const said = new Promise<LoadMessage>((resolve) => {
    const hear = (message: LoadMessage): void => {
      if (message.type !== type) return;
      child.off('message', hear);
      resolve(message);
    };
    child.on('message', hear);
  });
  return Promise.race([said, ended]);
}
