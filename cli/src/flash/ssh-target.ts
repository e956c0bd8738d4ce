import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { FieldlineError } from '@fieldline/protocol';
import { hostName, knownHostLine, type SshSession, type SshTarget } from '@fieldline/provision/ssh';

/** How somebody signs in at a device. */
export interface SshOptions {
  readonly port: number;
  readonly sshKey: string | undefined;
  readonly sshPassword: string | undefined;
  readonly knownHosts: string | undefined;
  readonly acceptHostKey: string | undefined;
}

const systemKnownHosts = '/etc/ssh/ssh_known_hosts';
const ownKeys = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

/** `USER@HOST` with what is at hand of keys and known hosts. Throws CLI_USAGE. */
export function sshTarget(destination: string, options: SshOptions): SshTarget {
  const at = destination.lastIndexOf('@');
  const [user, host] = [destination.slice(0, at), destination.slice(at + 1)];
  if (at < 1 || host === '')
    throw new FieldlineError('CLI_USAGE', {
      subject: destination,
      detail: 'It is USER@HOST, such as pi@10.0.0.7.',
    });
  const { port, sshPassword, acceptHostKey } = options;
  return {
    host,
    port,
    user,
    password: sshPassword,
    ...keyOf(options),
    knownHosts: [knownHostsPath(options), systemKnownHosts].map(textOf).join('\n'),
    acceptedFingerprint: acceptHostKey,
  };
}

/** Remembers a machine that was accepted by its fingerprint. */
export function rememberHost(target: SshTarget, { hostKey }: SshSession, options: SshOptions): void {
  const path = knownHostsPath(options);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const text = textOf(path);
  const separator = text === '' || text.endsWith('\n') ? '' : '\n';
  const line = knownHostLine(hostName(target.host, target.port), hostKey);
  appendFileSync(path, `${separator}${line}`, { mode: 0o600 });
}

function knownHostsPath({ knownHosts }: SshOptions): string {
  return knownHosts ?? join(homedir(), '.ssh', 'known_hosts');
}

/** A key that is named; else, without a password, the ssh-agent or the first key in the usual place. */
function keyOf({ sshKey: path, sshPassword }: SshOptions): Pick<SshTarget, 'privateKey' | 'agentSocket'> {
  if (path !== undefined) {
    try {
      return { privateKey: readFileSync(path) };
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new FieldlineError('CLI_USAGE', { subject: path, detail, cause });
    }
  }
  if (sshPassword !== undefined) return {};
  const agentSocket = process.env['SSH_AUTH_SOCK'];
  if (agentSocket !== undefined) return { agentSocket };
  const found = ownKeys.map((name) => join(homedir(), '.ssh', name)).find((each) => existsSync(each));
  return found === undefined ? {} : { privateKey: readFileSync(found) };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
