import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { VirtualSensor, createThermometer, systemClock } from '@fieldline/simulators';
import { bad, good, warning, type Finding } from './finding.ts';

const GIB = 2 ** 30;
const DISK_LOW_BYTES = 1 * GIB;
const DISK_FULL_BYTES = GIB / 8;
const COMMAND_TIMEOUT_MS = 3000;
/** A clock that shows less than this has never been set: the day before this program was first built. */
const OLDEST_YEAR = 2026;

/** Serial ports, and whether this user may open them. */
export function checkSerialPorts(): Finding {
  const names = readdirSync('/dev').filter((name) => /^tty(USB|ACM|AMA|S0$)/.test(name));
  const ports = names.map((name) => `/dev/${name}`);
  if (ports.length === 0) {
    return warning('serial ports', 'none', 'Plug a sensor in, or try `fieldline simulate thermometer`.');
  }
  const closed = ports.filter((port) => !mayUse(port));
  if (closed.length === 0) return good('serial ports', ports.join(', '));
  return bad(
    'serial ports',
    `no permission for ${closed.join(', ')}`,
    'Run `sudo usermod -aG dialout $USER` and log in again.',
  );
}

function mayUse(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether virtual sensors can be had. */
export async function checkPty(): Promise<Finding> {
  try {
    const sensor = new VirtualSensor({ sensor: createThermometer(), clock: systemClock });
    const { path } = sensor.port;
    await sensor.close();
    return good('virtual sensors', `pseudo-terminals work (${path})`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return bad(
      'virtual sensors',
      reason,
      'Install with optional packages: `npm ci` without --omit=optional.',
    );
  }
}

/** Whether the clock was set, and whether something keeps it right. */
export async function checkClock(): Promise<Finding> {
  const now = new Date(systemClock.nowUs() / 1000);
  const shown = now.toISOString().slice(0, 19).replace('T', ' ');
  if (now.getUTCFullYear() < OLDEST_YEAR)
    return bad('clock', `${shown} UTC`, 'Set the clock: `sudo timedatectl set-ntp true`.');
  const isSynced = await output('timedatectl', ['show', '-p', 'NTPSynchronized', '--value']);
  if (isSynced === 'yes') return good('clock', `${shown} UTC, synchronised`);
  if (isSynced === 'no')
    return warning('clock', `${shown} UTC, not synchronised`, 'Run `sudo timedatectl set-ntp true`.');
  return good('clock', `${shown} UTC (nothing here tells whether it is synchronised)`);
}

function output(command: string, words: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, words, { timeout: COMMAND_TIMEOUT_MS }, (error, stdout) =>
      resolve(error ? undefined : stdout.trim()),
    );
  });
}

/** Room where data goes. */
export function checkDisk(home: string): Finding {
  let directory = home;
  while (!existsSync(directory)) directory = dirname(directory);
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  const found = `${(free / GIB).toFixed(1)} GiB free at ${directory}`;
  if (!mayUse(directory))
    return bad(
      'disk',
      `${directory} cannot be written`,
      'Choose another home with --home, or correct its owner.',
    );
  if (free < DISK_FULL_BYTES) return bad('disk', found, 'Free some space: the journal cannot grow.');
  return free < DISK_LOW_BYTES
    ? warning('disk', found, 'Free some space before the journal needs it.')
    : good('disk', found);
}

/** Whether a port of loopback is free. */
export function checkPort(name: string, port: number, isOurs: boolean): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () =>
      resolve(
        isOurs
          ? good(name, `${port}, served by the gateway`)
          : warning(
              name,
              `${port} is in use by another program`,
              `Start the gateway with ${portFlag(name)} 0, or stop the other program.`,
            ),
      ),
    );
    server.listen({ port, host: '127.0.0.1' }, () =>
      server.close(() => resolve(good(name, `${port} is free`))),
    );
  });
}

function portFlag(name: string): string {
  return name === 'HTTP port' ? '--http-port' : '--mqtt-port';
}

/** The Node that runs this. */
export function checkNode(): Finding {
  return good('Node.js', `${process.versions.node} on ${process.platform} ${process.arch}`);
}
