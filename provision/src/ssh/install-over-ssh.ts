import { createHash } from 'node:crypto';
import { accepted, FieldlineError, refused, type Result } from '@fieldline/protocol';
import { shellQuote } from '../first-boot/shell-quote.ts';
import { deviceScript } from './device-script.ts';
import type { ProbedDevice } from './probe-device.ts';
import type { CommandResult, SshSession } from './ssh-session.ts';

/** A file that goes to the device. */
export interface SentFile {
  /** Plain: letters, digits, `.`, `_`, `-`, `+`, `~`. */
  readonly name: string;
  readonly content: Uint8Array;
}

/** How the device says who it is: by a new password, by a claim in its new configuration, or as before. */
export type SentCredential =
  { readonly kind: 'password'; readonly password: string } | { readonly kind: 'claim' | 'kept' };

/** What is put on a device. */
export interface Installation {
  readonly packages: readonly SentFile[];
  /** YAML without a password; undefined leaves what is there. */
  readonly config: string | undefined;
  readonly credential: SentCredential;
  readonly onProgress: (doneBytes: number, ofBytes: number) => void;
  /** Ends an upload; a step on the device is not cut off in its middle. */
  readonly signal: AbortSignal;
}

/** An installation that can be taken back until it is kept. The agent stands still until it is started. */
export interface Installed {
  /** Refused as SSH_INSTALL_FAILED; it has not been taken back then. */
  start(): Promise<Result<undefined>>;
  /** What was there before is there again. Refused as SSH_NOT_TAKEN_BACK. */
  rollBack(): Promise<Result<undefined>>;
  /** It stays: what was put aside for going back is removed. */
  keep(): Promise<void>;
  /** The last lines that the agent said, oldest first; none where the device keeps no log. */
  lastWords(): Promise<string[]>;
}

/**
 * Room for packages of `sentBytes`, in bytes: themselves (1), their files (below 4), of which those of the version
 * before are put aside for going back; and some for the outbox.
 */
export function neededBytes(sentBytes: number): number {
  return 8 * sentBytes + 16 * 1024 * 1024;
}

/** Refused as SSH_NO_SPACE where a device has no room for these packages. */
export function judgeSpace(
  { freeBytes }: Pick<ProbedDevice, 'freeBytes'>,
  packages: readonly SentFile[],
): Result<undefined> {
  const wanted = neededBytes(packages.reduce((sum, { content }) => sum + content.length, 0));
  if (freeBytes >= wanted) return accepted(undefined);
  const detail = `${freeBytes} bytes are free in /usr, /var or the home of the user; ${wanted} are needed.`;
  return refused('SSH_NO_SPACE', detail);
}

/** The digest by which a file is known on a device: SHA-256, hexadecimal. */
export function digestOf(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * Uploads an installation, compares every file by its digest on the device, puts aside what is there, and installs.
 * Refused as SSH_UPLOAD_FAILED, when nothing was touched, or SSH_INSTALL_FAILED, when it has been taken back, or
 * SSH_NOT_TAKEN_BACK. Rejects with SSH_CONNECTION_LOST.
 */
export async function installOverSsh(
  session: SshSession,
  { asRoot }: Pick<ProbedDevice, 'asRoot'>,
  about: Installation,
): Promise<Result<Installed>> {
  const folder = await uploadFolder(session, asRoot);
  if (!folder.ok) return folder;
  const place = folder.value;
  const uploaded = await upload(session, place, about);
  if (!uploaded.ok) {
    await session.run(`rm -rf ${shellQuote(place)}`);
    return uploaded;
  }
  const step = (name: string) => session.run(`${asRoot}sh ${shellQuote(`${place}/install.sh`)} ${name}`);
  const installed = installedBy(step);
  const aside = await step('aside');
  if (aside.exitCode !== 0) {
    await session.run(`${asRoot}rm -rf ${shellQuote(place)}`);
    return refused('SSH_INSTALL_FAILED', lastLines(aside));
  }
  const done = await step('install');
  if (done.exitCode === 0) return accepted(installed);
  const back = await installed.rollBack();
  return back.ok ? refused('SSH_INSTALL_FAILED', lastLines(done)) : back;
}

/** A new folder of the user's own. Those of runs that were cut off more than an hour ago are removed. */
async function uploadFolder(session: SshSession, asRoot: string): Promise<Result<string>> {
  await session.run(
    `${asRoot}find "$HOME" -maxdepth 1 -name '.fieldline-flash-*' -mmin +60 -exec rm -rf {} +`,
  );
  const made = await session.run('umask 077; mktemp -d "$HOME/.fieldline-flash-XXXXXXXX"');
  const folder = made.stdout.trim();
  if (made.exitCode !== 0 || folder === '') return refused('SSH_UPLOAD_FAILED', lastLines(made));
  return accepted(folder);
}

function installedBy(step: (name: string) => Promise<CommandResult>): Installed {
  return {
    start: async () => {
      const started = await step('start');
      return started.exitCode === 0 ? accepted(undefined) : refused('SSH_INSTALL_FAILED', lastLines(started));
    },
    rollBack: async () => {
      const back = await step('back');
      return back.exitCode === 0 ? accepted(undefined) : refused('SSH_NOT_TAKEN_BACK', lastLines(back));
    },
    keep: async () => {
      await step('keep');
    },
    lastWords: async () => (await step('log')).stdout.split('\n').filter((line) => line !== ''),
  };
}

function filesOf({ packages, config, credential }: Installation): SentFile[] {
  const text = (name: string, content: string): SentFile => ({ name, content: Buffer.from(content) });
  return [
    text('install.sh', deviceScript),
    ...(config === undefined ? [] : [text('agent.yaml', config)]),
    ...(credential.kind === 'password' ? [text('password', `${credential.password}\n`)] : []),
    ...(credential.kind === 'claim' ? [text('claimed', '')] : []),
    ...packages,
  ];
}

async function upload(session: SshSession, folder: string, about: Installation): Promise<Result<undefined>> {
  const files = filesOf(about);
  const ofBytes = files.reduce((sum, { content }) => sum + content.length, 0);
  let doneBytes = 0;
  const onBytes = (countBytes: number): void => {
    about.signal.throwIfAborted();
    about.onProgress((doneBytes += countBytes), ofBytes);
  };
  try {
    for (const { name, content } of files) await session.upload(content, `${folder}/${name}`, onBytes);
  } catch (error) {
    if (error instanceof FieldlineError) throw error;
    return refused('SSH_UPLOAD_FAILED', `${error instanceof Error ? error.message : String(error)}.`);
  }
  return verify(session, folder, files);
}

async function verify(
  session: SshSession,
  folder: string,
  files: readonly SentFile[],
): Promise<Result<undefined>> {
  const sums = files.map(({ name, content }) => `${digestOf(content)}  ${name}\n`).join('');
  const checked = await session.run(`cd ${shellQuote(folder)} && sha256sum --check --strict --quiet`, sums);
  return checked.exitCode === 0 ? accepted(undefined) : refused('SSH_UPLOAD_FAILED', lastLines(checked));
}

/** What a person needs of a long output. */
function lastLines({ stdout, stderr }: CommandResult): string {
  const text = stderr.trim() === '' ? stdout : stderr;
  return `${text.trim().split('\n').slice(-5).join(' / ')}.`;
}
