import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { requireFile, requireProgram } from './skips.ts';

/** curl, or `missing`. */
export const curlProgram = requireProgram('curl', ['curl'], 'apt-get install curl');

/** InfluxDB's own shell, or `missing`. */
export const influxShell = requireProgram('influx', ['influx'], 'apt-get install influxdb-client');

const pahoFolder = '/usr/lib/python3/dist-packages/paho';

/** Python's MQTT client, as Debian brings it, for Debian's own Python; or `missing`. */
export const paho = requireFile(
  'python3-paho-mqtt',
  existsSync(pahoFolder) ? '/usr/bin/python3' : undefined,
  'apt-get install python3-paho-mqtt',
);

/** What a program that has ended printed, and its exit code. */
export interface ProgramOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Longest run of a client, milliseconds. */
const timeoutMs = 60_000;

/** Runs a program to its end. */
export function runProgram(program: string, words: readonly string[]): Promise<ProgramOutcome> {
  return new Promise((resolve) => {
    const options = { timeout: timeoutMs, maxBuffer: 2 ** 26 };
    execFile(program, words, options, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error ? 1 : 0;
      resolve({ code, stdout, stderr });
    });
  });
}
