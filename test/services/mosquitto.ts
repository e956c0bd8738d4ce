import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endProcess } from './end-process.ts';
import { freePort } from './free-port.ts';
import { requireProgram } from './skips.ts';

const install = 'apt-get install mosquitto mosquitto-clients';

/** The Mosquitto broker, or `missing`. */
export const mosquittoProgram = requireProgram('mosquitto', ['mosquitto', '/usr/sbin/mosquitto'], install);

/** Mosquitto's own publishing client, or `missing`: a peer that shares no code with ours. */
export const mosquittoPub = requireProgram('mosquitto_pub', ['mosquitto_pub'], install);

/** Mosquitto's own subscribing client, or `missing`. */
export const mosquittoSub = requireProgram('mosquitto_sub', ['mosquitto_sub'], install);

/** A running Mosquitto on loopback, without persistence, open to anonymous clients. */
export interface Mosquitto {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** How often another port is tried when somebody took the free one between looking and listening. */
const startAttempts = 5;

/** Starts a broker on a free port; resolves once it listens. The caller stops it. */
export async function startMosquitto(): Promise<Mosquitto> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return await startOn(port);
    } catch (error) {
      if (attempt === startAttempts) throw error;
    }
  }
}

async function startOn(port: number): Promise<Mosquitto> {
  const directory = await mkdtemp(join(tmpdir(), 'fieldline-mosquitto-'));
  const config = join(directory, 'mosquitto.conf');
  await writeFile(config, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
  const broker = spawn(mosquittoProgram.path, ['-v', '-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = async (): Promise<void> => {
    await endProcess(broker);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await untilRunning(broker);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `mqtt://127.0.0.1:${port}`, port, stop };
}

/** Mosquitto says `mosquitto version 2.0.11 running` once its listeners are open. */
async function untilRunning(broker: ChildProcess): Promise<void> {
  if (!broker.stderr) throw new Error('mosquitto was started without a pipe for its messages');
  const seen: string[] = [];
  for await (const line of createInterface({ input: broker.stderr })) {
    if (line.endsWith(' running')) {
      broker.stderr.resume();
      return;
    }
    seen.push(line);
  }
  throw new Error(`mosquitto ended before it listened:\n${seen.join('\n')}`);
}
