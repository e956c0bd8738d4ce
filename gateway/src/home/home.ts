import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FieldlineError } from '@fieldline/protocol';

/** Names inside the home directory. Programs and people rely on `admin.token`. */
const adminTokenFile = 'admin.token';
const lockFile = 'gateway.lock';
const pidFile = 'gateway.pid';

/**
 * Where data goes when nobody says otherwise: `/var/lib/fieldline` for a service that runs as root (systemd
 * sets INVOCATION_ID), else `~/.local/share/fieldline`.
 */
export function defaultHome(env: NodeJS.ProcessEnv): string {
  if (env.FIELDLINE_HOME) return env.FIELDLINE_HOME;
  if (process.getuid?.() === 0 && env.INVOCATION_ID) return '/var/lib/fieldline';
  return join(homedir(), '.local', 'share', 'fieldline');
}

/** Makes the home directory (0700) if it is missing. Throws HOME_UNUSABLE. */
export function prepareHome(home: string): void {
  try {
    makeDirectory(home);
    accessSync(home, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new FieldlineError('HOME_UNUSABLE', { subject: home, detail: reasonOf(cause), cause });
  }
}

/**
 * Makes a directory of the home that is the owner's alone (0700), whatever the home itself lets others see. Throws
 * HOME_UNUSABLE.
 */
export function makePrivateDirectory(path: string): void {
  try {
    makeDirectory(path);
    chmodSync(path, 0o700);
  } catch (cause) {
    throw new FieldlineError('HOME_UNUSABLE', { subject: path, detail: reasonOf(cause), cause });
  }
}

/** Step by step: Node's own `recursive` never ends below /proc, and tells of a read-only disk as ENOENT. */
function makeDirectory(path: string): void {
  const parent = dirname(path);
  if (existsSync(path) && statSync(path).isDirectory()) return;
  if (parent !== path && !existsSync(parent)) makeDirectory(parent);
  mkdirSync(path, { mode: 0o700 });
}

/**
 * Takes the home for this process, until the returned function is called or the process ends however it
 * ends: the lock is the operating system's, held through SQLite. Throws HOME_IN_USE.
 */
export function lockHome(home: string): () => void {
  const database = openLock(join(home, lockFile));
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    throw new FieldlineError('HOME_IN_USE', { subject: home, detail: holderOf(home), cause });
  }
  try {
    writeFileSync(join(home, pidFile), `${process.pid}\n`, { mode: 0o600 });
  } catch {
    // It only serves the message of HOME_IN_USE; on a full disk the gateway starts without.
  }
  return () => database.close();
}

function openLock(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: 0 });
    // Whoever can read it could hold it, and keep the gateway from starting.
    chmodSync(path, 0o600);
    return database;
  } catch (cause) {
    throw new FieldlineError('HOME_UNUSABLE', { subject: path, detail: reasonOf(cause), cause });
  }
}

/** The token that allows changes through the API: read, or made at first start, readable by its owner only. */
export function loadAdminToken(home: string): string {
  const path = join(home, adminTokenFile);
  try {
    const token = readExisting(path);
    if (token) return token;
    const fresh = randomBytes(32).toString('base64url');
    writeFileSync(path, `${fresh}\n`, { mode: 0o600 });
    chmodSync(path, 0o600);
    return fresh;
  } catch (cause) {
    throw new FieldlineError('HOME_UNUSABLE', { subject: path, detail: reasonOf(cause), cause });
  }
}

function readExisting(path: string): string | undefined {
  try {
    const token = readFileSync(path, 'utf8').trim();
    if (token) chmodSync(path, 0o600);
    return token || undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function holderOf(home: string): string {
  try {
    return `Its process id is ${readFileSync(join(home, pidFile), 'utf8').trim()}.`;
  } catch {
    return '';
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.message}.` : '';
}
