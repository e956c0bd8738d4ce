import { accepted, refused, type Result } from '@fieldline/protocol';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { DebianArch } from '../bundle/debian-package.ts';
import { shellQuote } from '../first-boot/shell-quote.ts';
import { installedDigests } from './device-script.ts';
import type { SshSession } from './ssh-session.ts';

/** What a running device says of itself. */
export interface ProbedDevice {
  readonly arch: DebianArch;
  /** Versions of the packages that are installed, by name. */
  readonly versions: ReadonlyMap<string, string>;
  /** Digests (SHA-256, hexadecimal) of the package files that were installed over SSH, by file name. */
  readonly digests: ReadonlyMap<string, string>;
  /** The configuration that is installed, YAML; undefined where there is none. */
  readonly config: string | undefined;
  /** SHA-256 of the file with its password, hexadecimal; undefined where there is none. */
  readonly passwordDigest: string | undefined;
  /** Whether the agent runs. */
  readonly isActive: boolean;
  /** The least room of the file systems that are written to, in bytes. */
  readonly freeBytes: number;
  /** What stands before a command that root is to run: empty, or `sudo -n `. */
  readonly asRoot: string;
}

/** The C library that Node.js is linked with, at least. */
const libcMin = [2, 28] as const;
const Arch = Type.Union([Type.Literal('arm64'), Type.Literal('armhf'), Type.Literal('amd64')]);

/** One line a fact, so that one round trip asks for all. Files come in base64. */
const script = `
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
say() { printf '%s=%s\\n' "$1" "$2"; }
version() { dpkg-query -W -f='\${Version} \${db:Status-Status}' "$1" 2>/dev/null; }
free() { df -Pk "$1" | awk 'NR==2{print $4}'; }
say arch "$(dpkg --print-architecture 2>/dev/null)"
say machine "$(uname -m)"
say libc "$(getconf GNU_LIBC_VERSION 2>/dev/null)"
say systemctl "$(command -v systemctl)"
say group "$(getent group dialout | cut -d: -f1)"
say fieldline-runtime "$(version fieldline-runtime)"
say fieldline-agent "$(version fieldline-agent)"
say free "$(printf '%s\\n' "$(free /usr)" "$(free /var)" "$(free "$HOME")" | sort -n | head -n 1)"
say user "$(id -un)"
asroot=
if [ "$(id -u)" = 0 ]; then say root direct
elif sudo -n true 2>/dev/null; then asroot='sudo -n'; say root sudo; fi
say active "$(systemctl is-active fieldline-agent.service 2>/dev/null)"
say config "$(base64 -w0 /etc/fieldline/agent.yaml 2>/dev/null)"
say digests "$(base64 -w0 ${installedDigests} 2>/dev/null)"
say password "$($asroot sha256sum /etc/fieldline/password 2>/dev/null | cut -d' ' -f1)"
exit 0
`;

/**
 * Asks a device what it is, and judges whether the agent can run there. Refused as SSH_DEVICE_UNSUITABLE; rejects
 * with SSH_CONNECTION_LOST.
 */
export async function probeDevice(session: SshSession): Promise<Result<ProbedDevice>> {
  const { stdout } = await session.run(`sh -c ${shellQuote(script)}`);
  return judgeFacts(new Map(stdout.split('\n').map(factOf)));
}

/** The serial ports among `paths` that a device does not have. */
export async function missingPorts(session: SshSession, paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return [];
  const { stdout } = await session.run(
    `sh -c ${shellQuote('while read -r port; do [ -e "$port" ] || printf "%s\\n" "$port"; done')}`,
    paths.map((path) => `${path}\n`).join(''),
  );
  return stdout.split('\n').filter((line) => line !== '');
}

/** What the answers of a device mean. Refused as SSH_DEVICE_UNSUITABLE. */
export function judgeFacts(facts: ReadonlyMap<string, string>): Result<ProbedDevice> {
  const of = (name: string): string => facts.get(name) ?? '';
  const arch = of('arch');
  if (!Value.Check(Arch, arch)) return unsuitable(archFault(arch, of('machine')));
  const fault = systemFault(of);
  if (fault !== undefined) return unsuitable(fault);
  const names = ['fieldline-runtime', 'fieldline-agent'];
  return accepted({
    arch,
    versions: new Map(names.flatMap((name) => installedVersion(name, of(name)))),
    digests: digestsIn(fromBase64(of('digests'))),
    config: of('config') === '' ? undefined : fromBase64(of('config')),
    passwordDigest: of('password') === '' ? undefined : of('password'),
    isActive: of('active') === 'active',
    freeBytes: Number(of('free')) * 1024,
    asRoot: of('root') === 'sudo' ? 'sudo -n ' : '',
  });
}

function archFault(arch: string, machine: string): string {
  return arch === '' ? 'It has no dpkg: it is no Debian.' : `Its processor is ${arch} (${machine}).`;
}

function systemFault(of: (name: string) => string): string | undefined {
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(of('libc')) ?? []).slice(1).map(Number);
  if (major < libcMin[0] || (major === libcMin[0] && minor < libcMin[1]))
    return `Its C library is "${of('libc')}"; glibc ${libcMin.join('.')} is needed.`;
  if (of('systemctl') === '') return 'It has no systemd.';
  if (of('group') === '') return 'It has no group dialout, which serial ports belong to.';
  if (of('root') === '') return rootFault(of('user'));
  return undefined;
}

function rootFault(user: string): string {
  return `${user} may not become root by sudo without a password. Sign in as root, or let ${user} do so: there, by a line "${user} ALL=(ALL) NOPASSWD: ALL" in sudo visudo -f /etc/sudoers.d/fieldline.`;
}

function factOf(line: string): [name: string, value: string] {
  const at = line.indexOf('=');
  return [line.slice(0, at), line.slice(at + 1)];
}

function digestsIn(text: string): Map<string, string> {
  return new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const [digest, name] = line.split(/\s+/);
      return digest && name ? [[name, digest]] : [];
    }),
  );
}

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

function installedVersion(name: string, text: string): [name: string, version: string][] {
  const [version = '', status] = text.split(' ');
  return status === 'installed' ? [[name, version]] : [];
}

function unsuitable(detail: string): Result<never> {
  return refused('SSH_DEVICE_UNSUITABLE', detail);
}
