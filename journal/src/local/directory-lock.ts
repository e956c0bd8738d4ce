import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { FieldlineError } from '@fieldline/protocol';
import { errorCodeOf } from './error-code.ts';
import type { FileAccess } from './file-access.ts';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.ts';

/** A held lock; `wasStale`: the holder before died without closing. */
export interface DirectoryLock {
  readonly wasStale: boolean;
  release(): Promise<void>;
}

/** Each level guards the takeover of the one before; a crash inside a takeover costs one level. */
const takeoverDepthMax = 3;

/**
 * Takes the single-writer lock of a directory: a symbolic link `lock` whose target names the process. It is
 * created whole or not at all, fails where it exists, and needs no disk block, so that a journal on a full
 * disk can still be opened and drained. A lock whose process is dead is taken over, under a lock of its own,
 * so that two openers cannot both do it.
 *
 * Throws FieldlineError `JOURNAL_LOCKED`, naming the holder's pid.
 */
export async function lockDirectory(files: FileAccess, directory: string): Promise<DirectoryLock> {
  const path = join(directory, 'lock');
  const content = lockText(ownIdentity());
  const wasStale = await take(files, { path, content, depth: 0 });
  return {
    wasStale,
    release: async () => {
      if ((await readLock(files, path)) === content) await files.unlink(path).catch(() => undefined);
    },
  };
}

/** Answers whether a dead process's lock was in the way. */
async function take(
  files: FileAccess,
  about: { path: string; content: string; depth: number },
): Promise<boolean> {
  const { path, content, depth } = about;
  if (await tryCreate(files, path, content)) return false;
  await refuseIfHeld(files, path);
  if (depth === takeoverDepthMax) throw lockedBy(path, undefined);
  const guard = `${path}.takeover`;
  await take(files, { path: guard, content, depth: depth + 1 });
  try {
    await refuseIfHeld(files, path);
    await files.unlink(path).catch(() => undefined);
    if (!(await tryCreate(files, path, content))) await refuseIfHeld(files, path);
    return true;
  } finally {
    await files.unlink(guard).catch(() => undefined);
  }
}

async function tryCreate(files: FileAccess, path: string, content: string): Promise<boolean> {
  try {
    await files.symlink(content, path);
    return true;
  } catch (cause) {
    if (errorCodeOf(cause) === 'EEXIST') return false;
    throw cause;
  }
}

async function refuseIfHeld(files: FileAccess, path: string): Promise<void> {
  const holder = parseLock(await readLock(files, path));
  if (holder && isRunning(holder)) throw lockedBy(path, holder);
}

/** The lock's text; empty where it is missing or is no lock of ours: then nobody can hold it. */
async function readLock(files: FileAccess, path: string): Promise<string> {
  return files.readlink(path).catch(() => '');
}

/** Shorter than 60 bytes: then ext4 keeps it in the inode. */
function lockText({ pid, startTicks, bootId }: ProcessIdentity): string {
  return ['pid', pid, startTicks, bootId, randomBytes(4).toString('hex')].join(':');
}

function parseLock(text: string): ProcessIdentity | undefined {
  const match = /^pid:(\d+):(\d*):([0-9a-f]*):[0-9a-f]{8}$/.exec(text);
  if (!match) return undefined;
  return { pid: Number(match[1]), startTicks: match[2] ?? '', bootId: match[3] ?? '' };
}

function lockedBy(path: string, holder: ProcessIdentity | undefined): FieldlineError {
  return new FieldlineError('JOURNAL_LOCKED', {
    subject: path,
    detail: holder ? `Process ${holder.pid} holds it.` : 'Another process is just taking it over.',
  });
}
