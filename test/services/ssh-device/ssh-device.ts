import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { endProcess } from '../end-process.ts';
import { freePort } from '../free-port.ts';
import { eventually } from '../wait.ts';

const init = fileURLToPath(new URL('device-init.sh', import.meta.url));
const run = promisify(execFile);

/** The password of root, and of any other user, on such a device. */
export const devicePassword = 'trockene-erde';

/** What such a device is like, where it is not the usual one. */
export interface SshDeviceOptions {
  /** The room of root's home, in MiB; 0, the default, as much as there is. */
  readonly homeMebi?: number;
  /** Who signs in. Default: root. Another user is made, with the rule by which sudo lets it become root, if any. */
  readonly user?: string;
  readonly sudo?: 'NOPASSWD:' | 'PASSWD:';
}

/**
 * A device that is this machine again: its system with a real sshd and a real dpkg, in namespaces of its own, where
 * everything that is written stays in memory and every process ends with it. Needs root.
 */
export class SshDevice {
  readonly folder = mkdtempSync(join(tmpdir(), 'fieldline-ssh-device-'));
  readonly #options: SshDeviceOptions;
  #port = 0;
  #process: ChildProcess | undefined;

  constructor(options: SshDeviceOptions = {}) {
    this.#options = options;
    // The ports of its sensors lie in there, and any user may look for them.
    chmodSync(this.folder, 0o711);
  }

  /** The options by which `flash ssh` finds the device, and its name. */
  get address(): readonly string[] {
    return [`${this.#options.user ?? 'root'}@127.0.0.1`, '--port', String(this.#port)];
  }

  /** The file of known hosts of whoever signs in. */
  get knownHosts(): string {
    return join(this.folder, 'known_hosts');
  }

  /** The private key that is let in. */
  get key(): string {
    return join(this.folder, 'user');
  }

  /** The fingerprint of the host's key, as `ssh-keygen -l` prints it. */
  get fingerprint(): string {
    const [, fingerprint = ''] = execFileSync('ssh-keygen', ['-lf', join(this.folder, 'host.pub')], {
      encoding: 'utf8',
    }).split(' ');
    return fingerprint;
  }

  async start(): Promise<void> {
    this.#port = await freePort();
    for (const name of ['host', 'user'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(this.folder, name)]);
    const settings = [
      'ListenAddress 127.0.0.1',
      `HostKey ${join(this.folder, 'host')}`,
      'AuthorizedKeysFile /etc/ssh/device_keys',
      'StrictModes no',
      'PermitRootLogin yes',
      'UsePAM no',
      'PidFile none',
      'Subsystem sftp internal-sftp',
    ];
    writeFileSync(join(this.folder, 'sshd_config'), `${settings.join('\n')}\n`);
    const words = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
    const { homeMebi = 0, user = 'root', sudo = '' } = this.#options;
    const device = ['sh', init, this.folder, String(this.#port), String(homeMebi), user, sudo];
    let said = '';
    this.#process = spawn('unshare', [...words, ...device], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process.stderr?.on('data', (text: Buffer) => (said += text.toString()));
    await eventually('the sshd of the device', () => this.#answers()).catch((cause: unknown) => {
      throw new Error(`the device says: ${said}`, { cause });
    });
  }

  /** Makes the host's key known to whoever signs in; another one than it has, where `isOther`. */
  makeKnown(isOther = false): void {
    const [type, key] = readFileSync(join(this.folder, isOther ? 'user.pub' : 'host.pub'), 'utf8').split(' ');
    writeFileSync(this.knownHosts, `[127.0.0.1]:${this.#port} ${type} ${key}\n`);
  }

  /** What a command prints there, run by OpenSSH's own client. */
  async ask(command: string): Promise<string> {
    const known = join(this.folder, 'ask_known_hosts');
    const settings = ['StrictHostKeyChecking=accept-new', `UserKnownHostsFile=${known}`, 'LogLevel=ERROR'];
    const options = settings.flatMap((each) => ['-o', each]);
    const words = ['-F', 'none', '-i', this.key, '-p', String(this.#port), ...options, 'root@127.0.0.1'];
    const { stdout } = await run('ssh', [...words, command]);
    return stdout.trim();
  }

  async end(): Promise<void> {
    if (this.#process) await endProcess(this.#process, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #answers(): Promise<true | undefined> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#port, '127.0.0.1');
      socket.once('data', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', reject);
    });
  }
}

/** Whether such devices can be made here: root, in a kernel that lets it mount. */
export function canMakeDevices(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'fieldline-overlay-'));
  try {
    mkdirSync(join(folder, 'root'));
    const script =
      'cd "$1/root" && mount -t tmpfs t . && mkdir u w m && mount -t overlay o -o lowerdir=/,upperdir=u,workdir=w m';
    const words = [
      '--mount',
      '--pid',
      '--fork',
      '--propagation',
      'private',
      'sh',
      '-c',
      script,
      'sh',
      folder,
    ];
    execFileSync('unshare', words, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
