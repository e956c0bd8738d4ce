import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endProcess } from './end-process.ts';
import { freePort } from './free-port.ts';
import { requireProgram } from './skips.ts';

/** InfluxDB 1.x, or `missing`. */
export const influxdProgram = requireProgram(
  'influxd',
  ['influxd', '/usr/bin/influxd'],
  'apt-get install influxdb',
);

/** A running InfluxDB on loopback, with a data directory of its own. */
export interface Influxd {
  readonly url: string;
  readonly pid: number;
  /** Ends it; what it stored stays until `remove`. */
  stop(): Promise<void>;
  /** Ends it as a power cut does. */
  kill(): Promise<void>;
  /** Starts it again at the same address with the same data. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

/** How often other ports are tried when somebody took the free ones between looking and listening. */
const startAttempts = 5;

/** How an InfluxDB differs from the usual one. */
export interface InfluxdOptions {
  readonly auth?: boolean;
  /** Longest body of a request that it takes; without it 25 MB. */
  readonly maxBodyBytes?: number;
  /** Folder for its own folder, such as a small disk. */
  readonly parent?: string;
}

/** Starts InfluxDB on free ports; resolves once it answers. The caller calls `remove`. */
export async function startInfluxd(options: InfluxdOptions = {}): Promise<Influxd> {
  const directory = await mkdtemp(join(options.parent ?? tmpdir(), 'fieldline-influxd-'));
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const config = join(directory, 'influxdb.conf');
    await writeFile(config, configuration(directory, port, await freePort(), options));
    try {
      return running(directory, config, port, await launch(config));
    } catch (error) {
      if (attempt < startAttempts) continue;
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }
}

function running(directory: string, config: string, port: number, first: ChildProcess): Influxd {
  let server = first;
  const stop = (): Promise<void> => endProcess(server);
  return {
    url: `http://127.0.0.1:${port}`,
    get pid() {
      return server.pid ?? 0;
    },
    stop,
    kill: () => endProcess(server, 'SIGKILL'),
    restart: async () => {
      await stop();
      server = await launch(config);
    },
    remove: async () => {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function configuration(directory: string, port: number, rpcPort: number, options: InfluxdOptions): string {
  return `reporting-disabled = true
bind-address = "127.0.0.1:${rpcPort}"
[meta]
dir = "${join(directory, 'meta')}"
[data]
dir = "${join(directory, 'data')}"
wal-dir = "${join(directory, 'wal')}"
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:${port}"
log-enabled = false
auth-enabled = ${options.auth ?? false}
max-body-size = ${options.maxBodyBytes ?? 25_000_000}
`;
}

async function launch(config: string): Promise<ChildProcess> {
  const server = spawn(influxdProgram.path, ['-config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    await untilListening(server);
    return server;
  } catch (error) {
    await endProcess(server);
    throw error;
  }
}

/** InfluxDB logs `Listening for signals` once its services, HTTP among them, are open. */
async function untilListening(server: ChildProcess): Promise<void> {
  if (!server.stderr) throw new Error('influxd was started without a pipe for its messages');
  const seen: string[] = [];
  for await (const line of createInterface({ input: server.stderr })) {
    if (line.includes('Listening for signals')) {
      server.stderr.resume();
      return;
    }
    seen.push(line);
  }
  throw new Error(`influxd ended before it listened:\n${seen.slice(-20).join('\n')}`);
}
