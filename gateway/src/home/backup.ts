import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { FieldlineError } from '@fieldline/protocol';
import { Type } from 'typebox';
import { Value } from 'typebox/value';

/** The name of the file that says what a backup holds; written last, so that a backup without it is none. */
const manifestName = 'backup.json';

const Manifest = Type.Object({
  version: Type.Literal(1),
  createdAtUs: Type.Integer(),
  files: Type.Array(
    Type.Object({
      path: Type.String(),
      sizeBytes: Type.Integer(),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    }),
  ),
});

/** What a backup holds, or what was restored. */
export interface BackupSummary {
  readonly files: number;
  readonly sizeBytes: number;
}

/** What belongs to the process that runs, or stands in the databases already. */
const passedOver = /(^|\/)(gateway\.(lock|pid)|lock|[^/]+-(wal|shm)|store\.db\.replaced-\d+|backup\.json)$/;

/** All pages in one step: a backup in several begins anew whenever the database is written in between. */
const pagesAtOnce = 2 ** 30;

/**
 * Copies the home of a gateway, which may run meanwhile, into a folder that is empty or missing. Databases are copied
 * whole by SQLite; the store comes first and the journal last, so that the journal holds whatever a database or a cursor
 * knows. A restored gateway goes on as after a power cut at this moment.
 *
 * Throws BACKUP_TARGET_OCCUPIED, HOME_UNUSABLE, and what the disk throws.
 */
export async function backupHome(home: string, target: string, nowUs: number): Promise<BackupSummary> {
  if (!existsSync(join(home, 'gateway.db')))
    throw new FieldlineError('HOME_UNUSABLE', { subject: home, detail: 'No gateway has run there.' });
  await makeEmpty(target);
  const files: { path: string; sizeBytes: number; sha256: string }[] = [];
  for (const isSegment of [false, true]) {
    // Segments are listed when all else is copied: the journal begins new ones meanwhile, which a database knows of.
    for (const path of filesInOrder(home).filter((each) => (rankOf(each) === segmentRank) === isSegment)) {
      const copy = join(target, path);
      await mkdir(dirname(copy), { recursive: true, mode: 0o700 });
      if (!(await copyOne(join(home, path), copy))) continue;
      await chmod(copy, 0o600);
      files.push({ path, sizeBytes: (await stat(copy)).size, sha256: await digestOf(copy) });
    }
  }
  const manifest = { version: 1, createdAtUs: nowUs, files };
  await writeFile(join(target, manifestName), `${JSON.stringify(manifest, undefined, 2)}\n`, { mode: 0o600 });
  return summaryOf(files);
}

/**
 * Copies a backup into a home that is empty or missing, and checks every byte and every database of it.
 * Throws BACKUP_UNUSABLE, BACKUP_TARGET_OCCUPIED, and what the disk throws.
 */
export async function restoreHome(source: string, home: string): Promise<BackupSummary> {
  const { files } = await readManifest(source);
  await makeEmpty(home);
  for (const { path, sha256 } of files) {
    const copy = join(home, path);
    // A path that leads elsewhere was not written by a backup.
    if (relative(home, copy).startsWith('..')) throw unusable(source, `${path} leads out of it.`);
    await mkdir(dirname(copy), { recursive: true, mode: 0o700 });
    await copyFile(join(source, path), copy).catch((cause: unknown) => {
      throw unusable(source, `${path} is missing or cannot be read.`, cause);
    });
    await chmod(copy, 0o600);
    if ((await digestOf(copy)) !== sha256) throw unusable(source, `${path} is not what was backed up.`);
    if (path.endsWith('.db')) checkDatabase(copy, source, path);
  }
  return summaryOf(files);
}

/** The store first, then all else, the segments of the journal last and in their order. */
function filesInOrder(home: string): string[] {
  const paths = readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(home, join(entry.parentPath, entry.name)))
    .filter((path) => !passedOver.test(path));
  return paths.sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));
}

/** Of what is copied last. */
const segmentRank = 3;

function rankOf(path: string): number {
  if (path === 'store.db') return 0;
  if (!path.startsWith('journal/')) return 1;
  return path === 'journal/cursors' ? 2 : segmentRank;
}

/** False where the file has gone meanwhile: the journal lets its oldest segments go. */
async function copyOne(from: string, to: string): Promise<boolean> {
  if (from.endsWith('.db')) {
    const database = new DatabaseSync(from, { readOnly: true });
    await backup(database, to, { rate: pagesAtOnce }).finally(() => database.close());
    return true;
  }
  try {
    await copyFile(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

async function makeEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (readdirSync(folder).length > 0) throw new FieldlineError('BACKUP_TARGET_OCCUPIED', { subject: folder });
}

async function readManifest(source: string): Promise<Type.Static<typeof Manifest>> {
  const path = join(source, manifestName);
  try {
    const manifest: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (Value.Check(Manifest, manifest)) return manifest;
  } catch (cause) {
    throw unusable(source, `${manifestName} is missing or cannot be read.`, cause);
  }
  throw unusable(source, `${manifestName} is not of this version.`);
}

function checkDatabase(copy: string, source: string, path: string): void {
  const database = new DatabaseSync(copy);
  try {
    const [row] = database.prepare('PRAGMA quick_check(1)').all();
    if (row?.['quick_check'] !== 'ok') throw unusable(source, `${path}: ${String(row?.['quick_check'])}.`);
  } finally {
    database.close();
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function summaryOf(files: readonly { readonly sizeBytes: number }[]): BackupSummary {
  return { files: files.length, sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}

function unusable(source: string, detail: string, cause?: unknown): FieldlineError {
  return new FieldlineError('BACKUP_UNUSABLE', { subject: source, detail, cause });
}
