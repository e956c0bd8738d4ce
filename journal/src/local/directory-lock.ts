import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { FieldlineError } from '@fieldline/protocol';
import { errorCodeOf } from './error-code.ts';
import type { FileAccess } from './file-access.ts';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.ts';

interface LockContent extends ProcessIdentity {
  readonly token: string;
}

/** A held lock; `wasStale`: the holder before died without closing. */
export interface DirectoryLock {
  readonly wasStale: boolean;
  release(): Promise<void>;
}

/** Each level guards the takeover of the one before; a crash inside a takeover costs one level. */
const takeoverDepthMax = 3;

/**
 * Takes the single-writer lock of a directory: the file `lock`, created whole by link(2), which fails where
 * it exists. A lock whose process is dead is taken over, under a lock of its own, so that two openers cannot
 * both do it.
 *
 * Throws FieldlineError `JOURNAL_LOCKED`, naming the holder's pid.
 */
export async function lockDirectory(files: FileAccess, directory: string): Promise<DirectoryLock> {
  const content: LockContent = { ...ownIdentity(), token: randomUUID() };
  const draft = join(directory, `lock.${content.token}`);
  await files.writeFile(draft, JSON.stringify(content));
  const path = join(directory, 'lock');
  try {
    const wasStale = await take(files, { path, draft, depth: 0 });
    return { wasStale, release: () => release(files, path, content.token) };
  } finally {
    await files.unlink(draft).catch(() => undefined);
  }
}

async function take(
  files: FileAccess,
  about: { path: string; draft: string; depth: number },
): Promise<boolean> {
  if (await tryLink(files, about.draft, about.path)) return false;
  const holder = await readLock(files, about.path);
  if (holder && isRunning(holder)) throw lockedBy(about.path, holder);
  if (about.depth === takeoverDepthMax) throw lockedBy(about.path, holder);
  const guard = `${about.path}.takeover`;
  await take(files, { path: guard, draft: about.draft, depth: about.depth + 1 });
  try {
    const now = await readLock(files, about.path);
    if (now && isRunning(now)) throw lockedBy(about.path, now);
    await files.unlink(about.path).catch(() => undefined);
    if (!(await tryLink(files, about.draft, about.path))) {
      throw lockedBy(about.path, await readLock(files, about.path));
    }
    return true;
  } finally {
    await files.unlink(guard).catch(() => undefined);
  }
}

async function tryLink(files: FileAccess, from: string, to: string): Promise<boolean> {
  try {
    await files.link(from, to);
    return true;
  } catch (cause) {
    if (errorCodeOf(cause) === 'EEXIST') return false;
    throw cause;
  }
}

async function readLock(files: FileAccess, path: string): Promise<LockContent | undefined> {
  try {
    const parsed: unknown = JSON.parse(await files.readFile(path, 'utf8'));
    return isLockContent(parsed) ? parsed : undefined;
  } catch {
    // Missing, torn by a power cut, or not ours: nobody can hold it.
    return undefined;
  }
}

function isLockContent(value: unknown): value is LockContent {
  if (typeof value !== 'object' || value === null) return false;
  const fields = ['startTicks', 'bootId', 'token'] as const;
  const record: Record<string, unknown> = { ...value };
  return Number.isInteger(record['pid']) && fields.every((field) => typeof record[field] === 'string');
}

async function release(files: FileAccess, path: string, token: string): Promise<void> {
  const holder = await readLock(files, path);
  if (holder?.token === token) await files.unlink(path).catch(() => undefined);
}

function lockedBy(path: string, holder: LockContent | undefined): FieldlineError {
  return new FieldlineError('JOURNAL_LOCKED', {
    subject: path,
    detail: holder ? `Process ${holder.pid} holds it.` : 'Another process is just taking it over.',
  });
}
